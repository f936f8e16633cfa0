"""The YAML above a query: the meaning of a relation, and everything about a rule.

A rule's words are next to its query: the sentence of a finding, the innocent
explanations with their tests, the initial confidence. Common parts of a
folder's files are in its `_shared.yaml`: columns that a header need not
repeat; explanations, and bundles of facts and of event fields, that a header uses
by name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.errors import ModelError
from pipelines.warehouse.sentences import condition_problems, template_problems

if TYPE_CHECKING:  # not every command reads a header
    import yaml

Scalar = int | float | str | bool
About = Literal["account", "device"]
"""Subject of a rule's findings."""

DETECTIONS = "detections"
"""The folder of the rules."""

EPHEMERAL = "ephemeral"
"""The `kind` of a model that has no table: the models that read it contain its query."""

SHARED = "_shared.yaml"
TAG = "tag:yaml.org,2002:"
"""Prefix of the tags of YAML's own types."""
TYPES = ("boolean", "int", "double", "varchar", "date", "varchar[]")
"""Types of a fact; any other type of DuckDB is spelled out."""

NUMBER = ("double", "int")
RESERVED: Mapping[str, tuple[str, ...]] = {
    "account": (),
    "sites": ("varchar[]", "int"),
    **dict.fromkeys(("buildings", "categories"), ("varchar[]",)),
    **dict.fromkeys(
        ("building", "near_building", "far_building", "why_no_break", "day_type"), ("varchar",)
    ),
    **dict.fromkeys(("total_seconds", "external_seconds", "on_duty_seconds", "kilometers"), NUMBER),
    "days": ("int",),
}
"""Facts that pages, cases and the desk read by name -> the types that they expect."""


class Strict(BaseModel):
    """A value that never changes and has no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


_KINDS = {
    "int": "a whole number",
    "double": "a number",
    "boolean": "true or false",
    "varchar": "a text",
    "date": "a date",
}


class Param(Strict):
    """A number or word that a district may set.

    Attributes:
        of: The rule's code and parameter whose value it has, as `NA-1.requests`.
    """

    type: Literal["date", "int", "double", "varchar", "boolean"]
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    unit: str = ""
    why: str = ""
    of: str = ""

    @property
    def allowed(self) -> str:
        """Its type and its bounds in words."""
        low, high = (None if one is None else f"{one:.12g}" for one in (self.min, self.max))
        bounds = {
            (True, True): f" from {low} to {high}",
            (True, False): f" of at least {low}",
            (False, True): f" of at most {high}",
        }
        return _KINDS[self.type] + bounds.get((low is not None, high is not None), "")


class ColumnNote(Strict):
    """The description of a column.

    A header may give its type alone, as in `site: varchar`, or its input alone, as in
    `site: core.site_use`.

    Attributes:
        of: The input that has the column of this name; it gives what is left out.
        meaning: Without one, the meaning and `pii` are those of the input's column.
    """

    type: str = ""
    of: str = ""
    meaning: str = Field("", alias="is")
    pii: Literal["none", "indirect", "direct"] = "none"


class Audit(Strict):
    """A condition that holds for every row; breaking it fails or warns."""

    holds: str
    severity: Literal["fail", "warn"] = "fail"
    why: str = ""


class Claim(Strict):
    """The sentence for the rows on which every one of some conditions holds."""

    when: tuple[str, ...] = ()
    says: str = Field(min_length=1)


class Explanation(Strict):
    """An innocent explanation, and the test whether it fits.

    Attributes:
        name: In readers' words.
        test: A boolean fact. True: it fits. False: ruled out. Null: not testable.
        says: What was tested, for any result.
        fits: What was tested, if it fits; likewise for the other results.
        not_testable: Without a `test`, why the logs cannot show it.
        by_design: The way of counting that excludes the explanation. With a
            test, it is used if the test gives nothing, unless it is empty for the facts.
    """

    name: str
    test: str = ""
    says: str = ""
    fits: str = ""
    ruled_out: str = ""
    not_testable: str = ""
    by_design: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> "Explanation":
        if self.test:
            # a text in brackets may be empty, and leaves the other one
            is_always = self.by_design and not self.by_design.startswith("[")
            is_told_twice = bool(is_always and self.not_testable)
            wrong = is_told_twice or not (self.says or self.ruled_out)
        else:
            wrong = bool(self.by_design) is bool(self.not_testable)
            wrong = wrong or bool(self.says or self.fits or self.ruled_out)
        if wrong:
            raise ValueError(
                f"{self.name!r} needs a test with its texts, or by_design alone, or"
                " not_testable alone"
            )
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """Every template."""
        given = (self.says, self.fits, self.ruled_out, self.not_testable)
        return tuple(text for text in (*given, self.by_design) if text)


class Raised(Strict):
    """A severity above the header's, for a fact or for days within two weeks.

    Attributes:
        days: Minimum number of days on which the rule fired for the subject.
    """

    to: Literal["low", "medium", "high", "critical"]
    fact: str = ""
    days: int = 0

    @model_validator(mode="after")
    def _one_reason(self) -> "Raised":
        if bool(self.fact) is bool(self.days):
            raise ValueError("a severity is raised by a fact or by days")
        return self


class Ends(Strict):
    """The last conditions of a rule, word for word as in its query.

    Attributes:
        of: The CTE that has the candidates.
        by: Columns of it that make a candidate.
        where: What failed, in words -> a condition of a row.
        having: The same for conditions of all rows of a candidate.
        passes: How the conditions are combined; all of them if it is left out.
    """

    of: str
    by: tuple[str, ...]
    where: Mapping[str, str] = {}
    having: Mapping[str, str] = {}
    passes: str = ""

    @property
    def conditions(self) -> Mapping[str, str]:
        """Every condition."""
        return self.where or self.having


class Chart(Strict):
    """The chart of a saved query.

    Attributes:
        across: The column of the bars, of the days of a line, or of a table's columns.
        by: The column of the lines, or of the rows of a heat map or table.
        value: The column of numbers that are added up; `account` counts accounts.
    """

    draws: Literal["bars", "lines", "heat map", "table"]
    across: str
    by: str = ""
    value: str

    @model_validator(mode="after")
    def _rows(self) -> "Chart":
        if not self.by and self.draws in ("heat map", "table"):
            raise ValueError(f"a {self.draws} needs the column of its rows as `by`")
        if self.by and self.draws == "bars":
            raise ValueError("bars have no `by`; draw lines, a heat map or a table")
        return self


class Bundle(Strict):
    """Event fields that several rules need together; see `Header`."""

    requires_fields: tuple[str, ...] = ()
    once_filled: tuple[str, ...] = ()


class Shared(Strict):
    """Common parts of a folder's headers."""

    columns: Mapping[str, ColumnNote] = {}
    details: Mapping[str, Mapping[str, str]] = {}
    explanations: Mapping[str, Explanation] = {}
    fields: Mapping[str, Bundle] = {}


SessionSource = Literal["keyboard", "network", "stock", "home", "nothing"]
"""Sources that show who is at a device: its keyboard's own log (Windows, Google's audit of
ChromeOS); 802.1X for the laptop or Chromebook of one person, or for shared
stock; the VPN alone; no log at all.
"""
Judgment = Literal["finding", "lead", "nothing"]
"""The most that a rule makes of it."""


class Header(Strict):
    """The YAML above a model's query; the second half is for detections only.

    Attributes:
        kind: `ephemeral`, or the subject of a rule.
        lookback: Days before its day that a dated model reads; `lookahead`, days after.
        by_account: Inputs from which the model's rows of an account use only that
            account's rows: a large day may be built in parts of the accounts.
        split_by: A CTE of the query -> the column whose values the model's rows keep apart: a
            large day may be built in parts of them, one after another.
        chart: For a saved query, the chart that the desk shows of it.
        details: The facts in the column `details`, with their types.
        base_confidence: Confidence of a finding if no explanation fits or is untested.
        clauses: Its clauses, unless the district's policy sets others.
        requires_fields: Event fields, as `class.column`, that a log must have to feed it.
        once_filled: Further fields: if a source stops filling one, a request
            may go to the wrong account, a refused one may count as a visit, or nothing may be
            found at all.
        requires_registry: Required registry files; without a row in one, the rule finds nothing, or
            nothing reliable. `|` separates alternatives; a
            column after a colon needs a true or filled value in some row.
        session_policy: The rule's strongest result by source of presence; left out if
            it needs none.
        open_day: Why it may judge a day that is not over: no later line takes back what it
            finds. Without it, it waits for the night.
        ends: Its last conditions, to count where candidates end; see `Ends`.
        data_sources: Class of events -> the formats that contain the needed facts;
            without it, any log of a class that the rule reads.
        data_sources_require: Class of events -> the registry file without whose rows these
            formats contain no such facts, written as in `requires_registry`.
    """

    summary: str
    title: str = ""
    grain: tuple[str, ...]
    lookback: int = 0
    lookahead: int = 0
    params: Mapping[str, Param] = {}
    columns: Mapping[str, ColumnNote] = {}
    audits: tuple[Audit, ...] = ()
    by_account: tuple[str, ...] = ()
    split_by: Mapping[str, str] = {}
    chart: Chart | None = None

    kind: str = ""
    code: str = ""
    about: About = "account"
    severity: str = ""
    stage: Literal["trial", "live"] = "live"
    base_confidence: Literal["C1", "C2", "C3"] = "C1"
    claim: tuple[Claim, ...] = ()
    details: Mapping[str, str] = {}
    explanations: tuple[Explanation, ...] = ()
    refuted_by: tuple[str, ...] = ()
    severity_raised: tuple[Raised, ...] = ()
    clauses: tuple[str, ...] = ()
    requires_fields: tuple[str, ...] = ()
    once_filled: tuple[str, ...] = ()
    requires_registry: tuple[str, ...] = ()
    session_policy: Mapping[SessionSource, Judgment] = {}
    open_day: str = ""
    ends: Ends | None = None
    data_sources: Mapping[str, tuple[str, ...]] = {}
    data_sources_require: Mapping[str, str] = {}
    false_positives: tuple[str, ...] = ()
    triage: str = ""


FIELDS: tuple[Literal["requires_fields", "once_filled"], ...] = ("requires_fields", "once_filled")

OF_PER_RULE = (
    "code", "kind", "title", "severity", "claim", "details", "explanations",
    "refuted_by", "requires_fields", "triage",
)  # fmt: skip
"""Required keys of a detection's header."""


def _yaml(text: str) -> object:
    """Parse a text; the parser in C reads all headers in a tenth of the time.

    Raises:
        ValueError: It is not YAML.
    """
    import yaml  # not every command reads a header

    try:
        loader = yaml.CSafeLoader(text)
        node = loader.get_single_node()
        return None if node is None else _value(node, loader.construct_document)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _value(node: "yaml.Node", other: Callable[["yaml.Node"], object]) -> object:
    """Return the value of a YAML node; most are text, lists and mappings.

    Args:
        other: Makes the value of any other node, in several times the time.
    """
    if node.tag == f"{TAG}str":
        return node.value
    if node.tag == f"{TAG}seq":
        return [_value(one, other) for one in node.value]
    if node.tag == f"{TAG}map" and all(key.tag == f"{TAG}str" for key, _ in node.value):
        return {key.value: _value(one, other) for key, one in node.value}
    return other(node)


@cache
def shared_of(folder: Path) -> Shared:
    """Return the common parts of a folder's headers; empty if it has none.

    Raises:
        ModelError: The file is not valid.
    """
    path = folder / SHARED
    if not path.is_file():
        return Shared()
    try:
        return Shared.model_validate(_yaml(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ModelError(f"is not valid: {error}", where=f"sql/{folder.name}/{SHARED}") from error


def read_header(text: str, shared: Shared, *, is_rule: bool) -> Header:
    """Return a header with the common parts of its folder filled in.

    Raises:
        ValueError: It is not valid, or contradicts itself.
    """
    try:
        given = _yaml(text)
        if not isinstance(given, Mapping):
            raise TypeError("a header is a mapping")
        header = Header.model_validate(_resolved(given, shared))
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    problems = list(_problems(header, is_rule=is_rule))
    if problems:
        raise ValueError("; ".join(problems))
    return header


class _Written(TypedDict, total=False):
    """The keys of a header that are filled in, as its file has them."""

    columns: Mapping[str, str | Mapping[str, object]]
    claim: str | Sequence[Mapping[str, object]]
    details: Mapping[str, str]
    explanations: Sequence[str | Mapping[str, object]]
    requires_fields: Sequence[str]
    once_filled: Sequence[str]


def _resolved(given: Mapping[str, object], shared: Shared) -> dict[str, object]:
    """Return the header's keys, with shared columns, explanations and fields written out."""
    written: _Written = cast("_Written", given)
    columns = {
        name: {"of" if "." in note else "type": note} if isinstance(note, str) else note
        for name, note in written.get("columns", {}).items()
    }
    found: dict[str, object] = {**written}
    found["columns"] = {**shared.model_dump(by_alias=True)["columns"], **columns}
    if isinstance(written.get("claim"), str):
        found["claim"] = [{"says": written["claim"]}]
    found["details"] = _details(written.get("details", {}), shared)
    entries = written.get("explanations", ())
    found["explanations"] = [_explanation(entry, shared) for entry in entries]
    fields = {key: written.get(key, ()) for key in FIELDS}
    bundles = [_bundle(name, shared) for name in fields["requires_fields"] if "." not in name]
    for key, names in fields.items():
        own = [name for name in names if "." in name]
        taken = [name for bundle in bundles for name in getattr(bundle, key)]
        found[key] = list(dict.fromkeys([*taken, *own]))
    return found


def _details(given: Mapping[str, str], shared: Shared) -> dict[str, str]:
    """Return the facts, with those of the bundle that `shared` names."""
    own = dict(given)
    name = own.pop("shared", None)
    if name is not None and name not in shared.details:
        raise ValueError(f"{SHARED} has no details {name!r}")
    return own if name is None else {**shared.details[name], **own}


def _explanation(entry: str | Mapping[str, object], shared: Shared) -> dict[str, object]:
    """Return one explanation, over what it takes from a shared one."""
    own: dict[str, object] = {"shared": entry} if isinstance(entry, str) else dict(entry)
    name = own.pop("shared", None)
    if name is None:
        return own
    if not isinstance(name, str) or name not in shared.explanations:
        raise ValueError(f"{SHARED} has no explanation {name!r}")
    taken = shared.explanations[name].model_dump(exclude_defaults=True)
    return ({"name": taken["name"]} if "by_design" in own else taken) | own


def _bundle(name: str, shared: Shared) -> Bundle:
    if name not in shared.fields:
        raise ValueError(f"{SHARED} has no fields {name!r}")
    return shared.fields[name]


def _problems(header: Header, *, is_rule: bool) -> Iterator[str]:
    """Yield contradictions."""
    from pipelines.events import EVENT_CLASSES  # Polars takes long to import

    yield from _of_its_kind(header, is_rule=is_rule)
    yield from _undrawn(header)
    yield from _reserved(header)
    yield from _unclaimed(header)
    yield from _untested(header)
    for field in (*header.requires_fields, *header.once_filled):
        name, _, column = field.partition(".")
        if name not in EVENT_CLASSES or column not in EVENT_CLASSES[name].columns:
            yield f"there is no event field {field!r}"
    yield from (
        f"there is no class of events {name!r}"
        for name in header.data_sources
        if name not in EVENT_CLASSES
    )
    required = (*header.requires_registry, *header.data_sources_require.values())
    for one in (one for named in required for one in named.split("|")):
        if not _is_file(one):
            yield f"the registry has no file {one!r}"


def _of_its_kind(header: Header, *, is_rule: bool) -> Iterator[str]:
    is_ephemeral = header.kind == EPHEMERAL
    if header.kind and is_ephemeral is is_rule:
        yield f"the kind {header.kind!r} is not allowed here"
    if is_ephemeral and (header.audits or header.by_account or header.split_by):
        yield "an ephemeral model has no table: it has no audits and is not built in parts"
    for key in OF_PER_RULE if is_rule else ():
        if not getattr(header, key):
            yield f"a detection must say its {key!r}"


def _undrawn(header: Header) -> Iterator[str]:
    chart = header.chart
    drawn = [one for one in (chart.across, chart.by, chart.value) if one] if chart else []
    for name in drawn:
        if name not in header.columns:
            yield f"the chart has a column {name!r}, which `columns` does not describe"
    if len(set(drawn)) < len(drawn):
        yield "the chart has a column twice"


def _is_file(named: str) -> bool:
    """Return whether it is a registry file, with a column after a colon."""
    from pipelines.registry.folder import ROSTER
    from pipelines.registry.frames import FILES

    name, _, column = named.partition(":")
    own = FILES[name].columns if name in FILES else ()
    return name in ROSTER or (name in FILES and (not column or column in own))


def _reserved(header: Header) -> Iterator[str]:
    for name, kind in header.details.items():
        allowed = RESERVED.get(name, (kind,))
        if kind not in allowed:
            must = f"must be {' or '.join(allowed)}" if allowed else "is the subject of a claim"
            other = f"{name.removesuffix('s')}_count" if kind in NUMBER else f"rule_{name}"
            yield f"the fact {name!r} {must}; call another one {other!r}"


def _unclaimed(header: Header) -> Iterator[str]:
    for claim in header.claim:
        yield from template_problems(claim.says, header.details)
        for condition in claim.when:
            yield from condition_problems(condition, header.details)
    yield from template_problems(header.triage, header.details)
    if header.claim and header.claim[-1].when:
        yield "the last claim must do without a condition"


def _untested(header: Header) -> Iterator[str]:
    for explanation in header.explanations:
        for text in explanation.texts:
            yield from template_problems(text, header.details)
    facts = [explanation.test for explanation in header.explanations]
    for fact in (*facts, *(raised.fact for raised in header.severity_raised)):
        if fact and header.details.get(fact) != "boolean":
            yield f"the fact {fact!r} is not among the details, or not boolean"
