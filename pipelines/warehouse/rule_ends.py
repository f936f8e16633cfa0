"""One query that counts which last conditions the candidates of rules failed.

A rule's header repeats its last conditions word for word under `ends`. The query of
`core.rule_ends` is made from the rules' own queries, up to the part that has the candidates,
so that it counts with the rule's conditions and the district's thresholds.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipelines.warehouse.headers import ColumnNote, Ends, Header, Param

NAME = "core.rule_ends"
"""The ephemeral model that is made here; it has no file."""

_FINAL_SELECT = re.compile(r"^select\b", re.MULTILINE)
_PARAM = re.compile(r"\$([a-z_]+)")
_SHARED = ("event_date", "zone")
"""Parameters that have the same value in every rule."""

_COLUMNS = {
    "event_date": ("date", "local day"),
    "rule": ("varchar", "code of the rule"),
    "condition": ("varchar", "what the candidates failed, in words"),
    "position": ("bigint", "order of the rule's conditions"),
    "candidate_count": ("bigint", "candidates that came to the rule's last conditions"),
    "passed_count": ("bigint", "how many of them are findings"),
    "failed_count": ("bigint", "how many are none and fail this condition"),
    "alone_count": ("bigint", "how many are none and fail this condition alone"),
}


class Rule(NamedTuple):
    """A rule whose candidates are counted."""

    stem: str
    header: Header
    text: str


def problem_of(header: Header, text: str) -> str:
    """Return the contradiction between a rule's `ends` and its query; empty if there is none."""
    ends = header.ends
    if ends is None:
        return ""
    if not re.search(rf"^{ends.of} as ", text, re.MULTILINE):
        return f"ends: the query has no CTE {ends.of}"
    if bool(ends.where) is bool(ends.having):
        return "ends: give either `where` or `having`"
    final = _words(text)
    conditions = [*ends.conditions.values(), *([ends.passes] if ends.passes else [])]
    missing = [one for one in conditions if _words(one) not in final]
    return f"ends: the query has no condition {missing[0]!r}" if missing else ""


def _words(text: str) -> str:
    """Return SQL without comments, in one line."""
    return re.sub(r"\s+", "", re.sub(r"--[^\n]*", "", text))


def header_of(rules: Sequence[Rule]) -> Header:
    """Return the header of the model that counts."""
    params: dict[str, Param] = {}
    for rule in rules:
        for name, param in rule.header.params.items():
            of = "" if name in _SHARED else f"{rule.header.code}.{name}"
            params[_renamed(rule, name)] = param.model_copy(update={"of": of})
    return Header(
        summary=(
            "Where the candidates of the rules ended, by rule, last condition and day, without"
            " names. It is made from the queries and headers of the rules."
        ),
        kind="ephemeral",
        grain=("event_date", "rule", "condition"),
        lookback=max(rule.header.lookback for rule in rules),
        lookahead=max(rule.header.lookahead for rule in rules),
        params=params,
        columns={
            name: ColumnNote.model_validate({"type": kind, "is": meaning})
            for name, (kind, meaning) in _COLUMNS.items()
        },
    )


def query_of(rules: Sequence[Rule]) -> str:
    """Return the query that counts the candidates of every rule."""
    return "\nunion all\n".join(
        _counted(rule, ends) for rule in rules if (ends := rule.header.ends)
    )


def _counted(rule: Rule, ends: Ends) -> str:
    """Return the counts of one rule.

    Of the rows of a candidate, the one that meets most conditions counts.
    """
    names = [name.replace("'", "''") for name in ends.conditions]
    held = ", ".join(f"coalesce({one}, false)" for one in ends.conditions.values())
    number = len(names)
    by = ", ".join(ends.by)
    passes = f"coalesce({ends.passes}, false)" if ends.passes else ""
    own = passes or f"list_bool_and([{held}])"
    if ends.having:
        rows = f"select [{held}] as held, {own} as passes from {ends.of} group by {by}"
    else:
        best = "list_sum(list_transform(held, lambda one: one::int))"
        rows = (
            f"select arg_max(held, {best}) as held, bool_or(passes) as passes from"
            f" (select {by}, [{held}] as held, {own} as passes from {ends.of}) as of_rows"
            f" group by {by}"
        )
    found = _FINAL_SELECT.search(rule.text)
    ctes = rule.text[: found.start()] if found else ""
    unmet = "list_count(list_filter(held, lambda one: not one))"
    listed = ", ".join(f"'{name}'" for name in names)
    query = f"""(
{ctes}
select
    $event_date::date as event_date,
    '{rule.header.code}' as rule,
    ([{listed}])[place.position] as condition,
    place.position,
    count(*) as candidate_count,
    count_if(passes)::bigint as passed_count,
    count_if(not passes and not held[place.position])::bigint as failed_count,
    count_if(not passes and not held[place.position] and {unmet} = 1)::bigint
        as alone_count
from ({rows}) as candidates
cross join (select unnest(range(1, {number + 1})) as position) as place
group by place.position
)"""
    return _PARAM.sub(lambda found: f"${_renamed(rule, found[1])}", query)


def _renamed(rule: Rule, name: str) -> str:
    return name if name in _SHARED or name not in rule.header.params else f"{rule.stem}_{name}"


def given_by_rules(
    params: Mapping[str, Param], overrides: Mapping[str, Mapping[str, int | float | str | bool]]
) -> dict[str, int | float | str | bool]:
    """Return the district's values of the parameters that belong to rules."""
    found = {}
    for name, param in params.items():
        code, _, own = param.of.partition(".")
        if own in overrides.get(code, {}):
            found[name] = overrides[code][own]
    return found
