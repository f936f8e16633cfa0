"""Public Sigma rules, run on the lake: leads about lines, never about a person.

pySigma parses a rule; the rule becomes a query whose text contains nothing from it:
every value is a parameter, every field a column from a table of names, and
network addresses are compared here, not in SQL. A rule that needs a missing
column, or a feature that DuckDB lacks, is refused with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import TypeVar

import yaml
from sigma.collection import SigmaCollection
from sigma.conditions import ConditionFieldEqualsValueExpression as FieldIs
from sigma.conditions import ConditionValueExpression
from sigma.conversion.base import TextQueryBackend
from sigma.conversion.deferred import DeferredQueryExpression
from sigma.conversion.state import ConversionState
from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
)

from pipelines.errors import SettingsError
from pipelines.events import EVENT_CLASSES
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database, writing

Value = TypeVar("Value", bound=SigmaType)

MAX_BYTES = 1_000_000
"""Maximum size of a file of rules."""
MAX_PLACES = 5
"""Lines that a lead cites."""
_CLIENT = {"c-ip": "src_ip", "src_ip": "src_ip", "source.ip": "src_ip"}
_FLOW = _CLIENT | {
    "dst_ip": "dst_ip",
    "destination.ip": "dst_ip",
    "src_port": "src_port",
    "dst_port": "dst_port",
    "destination.port": "dst_port",
}
_WINDOWS = """(
    select
        event_id, source, time, event_date, event_code as code, user_name, src_ip,
        -- Windows writes a dash, or its own loopback, where there is no address
        coalesce(src_ip, '-') as ip_text, src_port, src_hostname, reported_by,
        logon_type, failure_reason, null::varchar as message
    from raw.logons where starts_with(format, 'windows_security')
    union all by name
    select
        event_id, source, time, event_date, kind as code, reported_by, message,
        nullif(coalesce(
            nullif(regexp_extract(message, '"TargetUserName" *: *"([^"\\\\]*)"', 1), ''),
            regexp_extract(message, '<Data Name=[''"]TargetUserName[''"] *>([^<]*)</Data>', 1)
        ), '') as user_name
    from raw.system_events where starts_with(format, 'windows_security')
)"""

# parts of a URL, each null where the URL has none; an authority begins with two slashes
_PATH = r"regexp_extract(url, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1)"
_STEM = f"nullif({_PATH}, '')"
_QUERY = r"nullif(regexp_extract(url, '\?([^#]*)', 1), '')"
_EXTENSION = rf"nullif(regexp_extract({_PATH}, '\.([^./]+)$', 1), '')"

CLASSES = ("http_requests", "dns_queries", "connections", "logons", "system_events")
CLAUSES: Mapping[str, str] = {
    "credential_access": "cl.13a", "credential-access": "cl.13a",
    "initial_access": "cl.13d", "initial-access": "cl.13d",
    "lateral_movement": "cl.13d", "lateral-movement": "cl.13d",
}  # fmt: skip
"""Security alone: a tactic's clause, or cl.5."""
SECURITY = "cl.5"
ODD = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""Errors of pySigma for a file with other content."""
OVER = ("deprecated", "unsupported")
COMPARED = {
    CompareOperators.LT: "<", CompareOperators.LTE: "<=",
    CompareOperators.GT: ">", CompareOperators.GTE: ">=",
}  # fmt: skip
REACHED = {
    SigmaCorrelationConditionOperator.GT: ">",
    SigmaCorrelationConditionOperator.GTE: ">=",
}
"""Minimum counts for a lead: with fewer, a log may lack lines."""
HANDLED = (
    "SigmaString", "SigmaCasedString", "SigmaNumber", "SigmaRegularExpression",
    "SigmaCIDRExpression", "SigmaCompareExpression", "SigmaNull", "SigmaExists",
    "SigmaExpansion",
)  # fmt: skip
COUNTED = {
    SigmaCorrelationType.EVENT_COUNT: "count(*)",
    SigmaCorrelationType.VALUE_COUNT: "count(distinct told)",
    SigmaCorrelationType.TEMPORAL: "count(distinct told)",
}


@dataclass(frozen=True)
class Relation:
    """The relation that rules of one log source query.

    Attributes:
        text: A built-in relation.
        fields: Sigma's name of a field -> column, or a part of one.
    """

    text: str
    fields: Mapping[str, str]


RELATIONS: Mapping[tuple[str, str, str], Relation] = {
    ("proxy", "", ""): Relation("raw.http_requests", _FLOW | {
        "c-uri": "url", "cs-uri": "url", "url.original": "url",
        "cs-host": "url_hostname", "r-dns": "url_hostname",
        "url.domain": "url_hostname", "cs-method": "method",
        "c-useragent": "user_agent", "user_agent.original": "user_agent",
        "sc-status": "status_code", "sc-bytes": "bytes_in", "cs-bytes": "bytes_out",
        "cs-mime-type": "content_type",
        "cs-uri-stem": _STEM, "c-uri-stem": _STEM, "c-uri-query": _QUERY,
        "cs-uri-query": _QUERY, "c-uri-extension": _EXTENSION,
    }),
    ("dns", "", ""): Relation("raw.dns_queries", _CLIENT | {
        "query": "query_name", "QueryName": "query_name",
        "dns.question.name": "query_name", "record_type": "query_type",
        "answer": "answers", "QueryResults": "answers",
    }),
    ("firewall", "", ""): Relation("raw.connections", _FLOW | {
        "protocol": "protocol", "bytes_in": "bytes_in", "bytes_out": "bytes_out",
        "dst_host": "dst_hostname", "application": "application",
    }),
    ("", "windows", "security"): Relation(_WINDOWS, {
        "EventID": "code", "IpAddress": "ip_text", "IpPort": "src_port",
        "WorkstationName": "src_hostname", "Computer": "reported_by",
        "LogonType": "logon_type", "SubStatus": "failure_reason",
        "TargetUserName": "user_name",
    }),
}  # fmt: skip
"""Class of events by category, product and service; an empty part matches any."""


@dataclass(frozen=True)
class SigmaQuery:
    """A rule that can run.

    Attributes:
        query: Returns `event_id`, `source`, `time`, `event_date`.
        values: Of its parameters; a network has the column that it is compared with.
    """

    title: str
    level: str
    clause: str
    path: str
    query: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class RefusedRule:
    """A rule, or a file, that cannot be asked, and why."""

    title: str
    path: str
    reason: str


@dataclass(frozen=True)
class InNetwork:
    """Addresses of a column that are in a network."""

    relation: str
    column: str
    network: IPv4Network | IPv6Network


@dataclass(frozen=True)
class Lead:
    """Lines of a day on which a rule fits: a lead, and about no person.

    Attributes:
        places: The first of them, as source, file and line.
    """

    rule: str
    level: str
    clause: str
    source: str
    day: date
    lines: int
    first: datetime
    last: datetime
    places: Sequence[str]


class _Backend(TextQueryBackend):
    """The condition of one rule; its values are set aside as parameters."""

    name = "Schoolbell"
    group_expression = "({expr})"
    or_token, and_token, not_token = "or", "and", "not"

    def __init__(self, relation: Relation, values: dict[str, object]) -> None:
        super().__init__()
        self._relation, self._values = relation, values

    def where(self, rule: SigmaRule) -> str:
        """Return its condition over the relation's columns."""
        if len(rule.detection.parsed_condition) != 1:
            raise SigmaError("it has several conditions")
        text = self.convert_condition(rule.detection.parsed_condition[0].parsed, ConversionState())
        if not isinstance(text, str):
            raise SigmaError("nothing is asked")
        return text

    def column(self, field: str) -> str:
        """Return the column of a field."""
        found = self._relation.fields.get(field)
        if found is None:
            known = ", ".join(sorted(self._relation.fields))
            raise SigmaError(f"no column holds the field {field!r} (held: {known})")
        return found

    def _bound(self, value: object) -> str:
        name = f"v{len(self._values)}"
        self._values[name] = value
        return f"${name}"

    def _like(self, cond: FieldIs, how: str) -> str:
        pattern = _value(cond, SigmaString).convert(
            escape_char="\\", wildcard_multi="%", wildcard_single="_", add_escaped="\\"
        )
        column = self.column(cond.field)
        return f"coalesce({column}::varchar {how} {self._bound(pattern)} escape '\\', false)"

    def convert_condition_field_eq_val_str(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert text in any letter case; wildcards as in `like`."""
        return self._like(cond, "ilike")

    def convert_condition_field_eq_val_str_case_sensitive(
        self, cond: FieldIs, state: ConversionState
    ) -> str:
        """Convert text in this letter case."""
        return self._like(cond, "like")

    def convert_condition_field_eq_val_num(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert a number, also for a text column."""
        number = float(_value(cond, SigmaNumber).number)
        column, bound = self.column(cond.field), self._bound(number)
        return f"coalesce(try_cast({column} as double) = {bound}, false)"

    def convert_condition_field_compare_op_val(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert a comparison of numbers."""
        value = _value(cond, SigmaCompareExpression)
        if value.op not in COMPARED:
            raise SigmaError(f"{value.op} is not supported")
        column, bound = self.column(cond.field), self._bound(float(value.number.number))
        how = COMPARED[value.op]
        return f"coalesce(try_cast({column} as double) {how} {bound}, false)"

    def convert_condition_field_eq_val_re(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert a pattern; pySigma has checked it with RE2, which DuckDB uses."""
        expression = _value(cond, SigmaRegularExpression)
        pattern = expression.escape([], "\\", escape_escape_char=False, flag_prefix=True)
        column = self.column(cond.field)
        bound = self._bound(pattern)
        return f"coalesce(regexp_matches({column}::varchar, {bound}), false)"

    def convert_condition_field_eq_val_cidr(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert membership in a network."""
        column, network = self.column(cond.field), _value(cond, SigmaCIDRExpression).network
        bound = self._bound(InNetwork(self._relation.text, column, network))
        return f"coalesce(list_contains({bound}::varchar[], {column}), false)"

    def convert_condition_field_eq_val_null(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert a missing value."""
        return f"({self.column(cond.field)} is null)"

    def convert_condition_field_exists(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert a present value."""
        return f"({self.column(cond.field)} is not null)"

    def convert_condition_field_not_exists(self, cond: FieldIs, state: ConversionState) -> str:
        """Convert absence, the same as a missing value."""
        return self.convert_condition_field_eq_val_null(cond, state)

    def convert_condition_field_eq_val(
        self, cond: FieldIs, state: ConversionState
    ) -> str | DeferredQueryExpression:
        """Convert any value; a type without a method is refused."""
        kind = type(cond.value).__name__
        if kind not in HANDLED:
            raise SigmaError(f"values of the kind {kind} are not supported")
        return super().convert_condition_field_eq_val(cond, state)

    def convert_condition_val(self, cond: ConditionValueExpression, state: ConversionState) -> str:
        """Refuse a word without a field."""
        raise SigmaError("a word that names no field would be sought everywhere")


def _value(cond: FieldIs, kind: type[Value]) -> Value:
    """Return the value of a condition, in the type that its method converts."""
    if not isinstance(cond.value, kind):
        raise SigmaError(f"values of the kind {type(cond.value).__name__} are not supported")
    return cond.value


def read_rules(folder: Path) -> tuple[list[SigmaQuery], list[RefusedRule]]:
    """Read every rule below a folder: its query, or why it cannot run.

    Raises:
        SettingsError: The folder does not exist.
    """
    if not folder.is_dir():
        raise SettingsError(
            "this folder of Sigma rules does not exist",
            where=str(folder),
            remedy="Put .yml files there, or name another folder.",
        )
    asked: list[SigmaQuery] = []
    refused: list[RefusedRule] = []
    found: list[tuple[str, SigmaRule | SigmaCorrelationRule]] = []
    paths = [one for one in sorted(folder.rglob("*")) if one.suffix in (".yml", ".yaml")]
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            found += [(name, rule) for rule in _parsed(path)]
        except (SigmaError, yaml.YAMLError, OSError, *ODD) as error:
            refused.append(RefusedRule("", name, _reason(error)))
    known = {key: rule for _, rule in found for key in (str(rule.id), rule.name) if key}
    inner = {
        reference.reference
        for _, rule in found
        if isinstance(rule, SigmaCorrelationRule) and not rule.generate
        for reference in rule.rules or ()
    }
    for name, rule in found:
        if {str(rule.id), rule.name} & inner:
            continue  # asked as a part of another
        try:
            asked.append(_asked(name, rule, known))
        except (SigmaError, *ODD) as error:
            refused.append(RefusedRule(rule.title, name, _reason(error)))
    return asked, refused


def _parsed(path: Path) -> list[SigmaRule | SigmaCorrelationRule]:
    if path.is_symlink() or not path.is_file():
        raise SigmaError("it is not a regular file")
    if path.stat().st_size > MAX_BYTES:
        raise SigmaError("the file is too large")
    collection = SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))
    rules = list(collection.rules)
    if not rules:
        raise SigmaError("it holds no rule")
    for rule in rules:
        if not isinstance(rule, (SigmaRule, SigmaCorrelationRule)):
            raise SigmaError("filters are not supported")
    return rules


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _asked(
    path: str,
    rule: SigmaRule | SigmaCorrelationRule,
    known: Mapping[str, SigmaRule | SigmaCorrelationRule],
) -> SigmaQuery:
    status = str(rule.status or "").lower()
    if status in OVER:
        raise SigmaError(f"its status is {status}")
    values: dict[str, object] = {}
    if isinstance(rule, SigmaCorrelationRule):
        query = _correlated(rule, known, values)
    else:
        query = _events(rule, values)
    tactics = [CLAUSES.get(tag.name, "") for tag in rule.tags]
    return SigmaQuery(
        title=rule.title,
        level=str(rule.level or "not provided").lower(),
        clause=next(filter(None, tactics), SECURITY),
        path=path,
        query=query,
        values=values,
    )


def _relation(rule: SigmaRule) -> Relation:
    log = rule.logsource
    named = (log.category or "", log.product or "", log.service or "")
    for wanted, relation in RELATIONS.items():
        if all(not one or one == given for one, given in zip(wanted, named, strict=True)):
            return relation
    raise SigmaError(
        "no log here is of the kind "
        + ", ".join(filter(None, named))
        + "; kinds: proxy, dns, firewall, windows security"
    )


def _events(rule: SigmaRule, values: dict[str, object], more: str = "") -> str:
    relation = _relation(rule)
    where = _Backend(relation, values).where(rule)
    return (
        f"select event_id, source, time, event_date{more} from {relation.text} "
        f"where event_date between $first and $last and ({where})"
    )


def _correlated(
    rule: SigmaCorrelationRule,
    known: Mapping[str, SigmaRule | SigmaCorrelationRule],
    values: dict[str, object],
) -> str:
    """Return events of a group that are close enough together; the first of each."""
    condition, parts = rule.condition, []
    if rule.type not in COUNTED or not isinstance(condition, SigmaCorrelationCondition):
        raise SigmaError(f"correlations of type {rule.type.name.lower()} are not supported")
    if rule.aliases.aliases:
        raise SigmaError("aliases of fields are not supported")
    of_all = rule.type is SigmaCorrelationType.TEMPORAL
    if condition.op not in REACHED and not of_all:
        raise SigmaError('only "more than N" is supported, never "fewer than N"')
    names = [reference.reference for reference in rule.rules or ()]
    for number, name in enumerate(names):
        inner = known.get(name)
        if not isinstance(inner, SigmaRule):
            raise SigmaError(f"it refers to {name!r}, which is not a rule in the folder")
        fields = _Backend(_relation(inner), values)
        grouped = [f"nullif({fields.column(field)}::varchar, '-')" for field in rule.group_by or ()]
        told = condition.fieldref
        what = fields.column(told) if isinstance(told, str) else str(number)
        more = "".join(f", {column} as group_{at}" for at, column in enumerate(grouped))
        parts.append(_events(inner, values, f"{more}, ({what})::varchar as told"))
    groups = [f"group_{at}" for at in range(len(rule.group_by or ()))]
    by = f"partition by {', '.join(groups)} " if groups else ""
    is_known = " and ".join(f"{group} is not null" for group in groups) or "true"
    values["reached"] = len(names) if of_all else float(condition.count)
    values["span"] = float(rule.timespan.seconds)
    counted, how = COUNTED[rule.type], ">=" if of_all else REACHED[condition.op]
    return (
        f"select event_id, source, time, event_date from ({' union all '.join(parts)}) "
        f"where {is_known} qualify {counted} over ({by}order by epoch(time) "
        f"range between current row and $span following) {how} $reached"
    )


def leads(
    store: Store, home: DistrictHome, rules: Sequence[SigmaQuery], days: tuple[date, date]
) -> Iterator[Lead]:
    """Yield what the rules find on some days, rule by rule and day by day."""
    lake = inputs.lake_files(store, home.lake)
    files = {one.file_id: f"{one.source}/{one.path}" for one in ledger.source_files(store)}
    with writing(Path(":memory:"), threads=1) as database:
        inputs.show_raw(database, lake, CLASSES, days)
        for rule in rules:
            yield from _leads(database, rule, days, files)


def _leads(
    database: Database, rule: SigmaQuery, days: tuple[date, date], files: Mapping[int, str]
) -> Iterator[Lead]:
    bounds = {"first": days[0], "last": days[1]}
    values = {
        name: _addresses(database, value, bounds) if isinstance(value, InNetwork) else value
        for name, value in rule.values.items()
    }
    found = database.rows(
        "select source, event_date, count(*), min(time), max(time), "
        f"list_slice(list_sort(list(event_id)), 1, {MAX_PLACES}) "
        f"from ({rule.query}) group by all order by all",
        {**values, **bounds},
    )
    for source, day, lines, first, last, events in found:
        places = [f"{files.get(number >> 32, '?')}:{number & (2**32 - 1)}" for number in events]
        yield Lead(rule.title, rule.level, rule.clause, source, day, lines, first, last, places)


def _addresses(database: Database, wanted: InNetwork, bounds: Mapping[str, date]) -> list[str]:
    """Return addresses of a column in a network; other text is in none."""
    rows = database.rows(
        f"select distinct {wanted.column} from {wanted.relation} "
        f"where event_date between $first and $last and {wanted.column} is not null",
        bounds,
    )
    return [text for (text,) in rows if _is_in(text, wanted.network)]


def _is_in(text: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(text) in network
    except ValueError:
        return False


assert set(CLASSES) < set(EVENT_CLASSES)
