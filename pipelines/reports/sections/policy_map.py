"""Report section: which clauses of the policy the logs can speak to."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from pipelines.gaps.relation import Gap
from pipelines.reports.charts import (
    ROW_HEIGHT,
    Axis,
    Bars,
    Figure,
    Note,
    lane_axis,
    scale,
)
from pipelines.reports.gaps import why
from pipelines.reports.language import (
    ENGLISH,
    language,
    marked,
    plural,
    quoted,
    restated,
    term,
    text,
)
from pipelines.reports.report_rows import RuleInfo
from pipelines.reports.sections import EDITIONS, Section
from pipelines.reports.text_tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import STRENGTHS, count, day, day_with_year, listed, number

BINDS = {
    "U": marked("all users"),
    "E": marked("employees"),
    "D": marked("the district"),
    "St": marked("students"),
}
BINDS_SEVERAL = re.compile("[|,+ ]+")
STATES: Mapping[str, tuple[str, str]] = {
    "watched": ("blue", "monitored"),
    "partly": ("green", "partly monitored"),
    "control": ("blue", "a procedure of the district, with proof"),
    "unproven": ("vermillion", "a procedure, without proof of use yet"),
    "unfed": ("vermillion", "no source: no arriving log shows it"),
    "unlisted": ("vermillion", "a registry file has no rows yet"),
    "open": ("purple", "logs could show it, but no rule does yet"),
    "blind": ("border", "not observable in logs"),
    "nothing": ("border", "no conduct to observe"),
}
SHORT = {
    "control": "procedure, with proof",
    "unproven": "procedure, no proof yet",
    "unfed": "no log of it arrives",
    "unlisted": "registry rows missing",
    "open": "no rule yet",
}
"""Names next to the bars, where the full ones are too long."""
TEXT = ("clause_id", "title", "binds", "strength", "cannot_show")
FIRM = ("S", "I")


def rows(view: View) -> pl.DataFrame:
    """Return one row per clause: whom it binds, what logs can show, what watches it."""
    rules = {rule["code"]: rule for rule in view.inputs.rules}
    found = [
        {
            **{key: str(clause.get(key) or "") for key in TEXT},
            "detections": codes,
            "state": state(clause.get("strength") or "", codes, rules, controls),
            "since": since(codes, rules),
            "serving": [code for code in codes if not waits_for(rules.get(code, {}))],
            "idle": idle(codes, rules),
            "controls": [control(one) for one in controls],
        }
        for clause in view.inputs.clauses
        for codes in [list(clause.get("detections") or ())]
        for controls in [list(clause.get("controls") or ())]
    ]
    kinds = dict.fromkeys((*TEXT, "state", "since"), pl.String)
    lists = dict.fromkeys(("detections", "serving", "idle", "controls"), pl.List(pl.String))
    return pl.DataFrame(found, schema={**kinds, **lists})


def since(detections: Sequence[str], rules: Mapping[str, RuleInfo]) -> str:
    """Return the first day of a log for a rule of a clause; empty without one."""
    known = [rules[code] for code in detections if code in rules]
    days = [str(rule.get("since") or "") for rule in known if not waits_for(rule)]
    return min(filter(None, days), default="")


def idle(detections: Sequence[str], rules: Mapping[str, RuleInfo]) -> list[str]:
    """Return rules of a clause that cannot judge yet, by what they wait for."""
    found: dict[str, list[str]] = {}
    for code in detections:
        if reason := waits_for(rules.get(code, {})):
            found.setdefault(reason, []).append(code)
    return [
        text("{rules} not yet ({why})", rules=listed(codes, most=12), why=reason)
        for reason, codes in found.items()
    ]


def waits_for(rule: RuleInfo) -> str:
    """Return what a rule needs and does not have; nothing if it can judge."""
    if not rule.get("is_fed", True):
        return why(Gap(reason="log"))
    files = listed([_file(name) for name in rule.get("lacks") or ()])
    return why(Gap(reason="rows", what=files)) if files else ""


def _file(name: str) -> str:
    """Return a registry file, and the column of it that has to be filled, if one has."""
    file, _, column = name.partition(" with ")
    return text("{file} with {column}", file=file, column=column) if column else name


def served(row: Mapping[str, Any]) -> str:
    """Return what monitors a clause, since when, and what would."""
    parts = [listed(row["serving"], most=12)] if row["serving"] else []
    if parts and row["since"]:
        began = date.fromisoformat(row["since"])
        parts = [text("{rules}, since {day}", rules=parts[0], day=on_day(began))]
    return "; ".join([*parts, *row["idle"], *row["controls"]]) or text("no rule")


def control(proved: Mapping[str, str]) -> str:
    """Return a procedure with its last proof, or that there is none."""
    if not proved["what"]:
        return text("{control} (no proof yet)", control=restated(proved["label"]))
    when = f", {on_day(date.fromisoformat(proved['day']))}" if proved["day"] else ""
    return f"{restated(proved['label'])} ({restated(proved['what'])}{when})"


def on_day(when: date) -> str:
    """Return a day with its year."""
    return f"{day(when)}, {when.year}" if language() == ENGLISH else day_with_year(when)


def state(
    strength: str,
    detections: Sequence[str],
    rules: Mapping[str, RuleInfo],
    controls: Sequence[Mapping[str, str]] = (),
) -> str:
    """Return how far a clause is monitored; what is not known of a rule counts against it."""
    if controls and not detections:
        return "control" if any(one["what"] for one in controls) else "unproven"
    if strength in ("0", "n/a"):
        return "blind" if strength == "0" else "nothing"
    if not detections:
        return "open"
    known = [rules[code] for code in detections if code in rules]
    fed = [rule for rule in known if rule.get("is_fed", True)]
    if not fed:
        return "unfed"
    fed = [rule for rule in fed if not rule.get("lacks")]
    if not fed:
        return "unlisted"
    is_live = any(rule.get("stage") != "trial" for rule in fed)
    return "watched" if is_live and strength in FIRM else "partly"


def size(rows: pl.DataFrame, name: str) -> int:
    """Return how many clauses are in a state."""
    return rows.filter(pl.col("state") == name).height


def title(rows: pl.DataFrame) -> str:
    """Return how many clauses are monitored."""
    if rows.is_empty():
        return text("No policy clause is set up yet")
    seen = size(rows, "watched") + size(rows, "partly")
    return plural(
        "{seen} of {n} policy clause is monitored, wholly or in part",
        "{seen} of {n} policy clauses are monitored, wholly or in part",
        rows.height,
        seen=number(seen),
        n=number(rows.height),
    )


def summary(rows: pl.DataFrame) -> str:
    """Return clauses by state; the sizes add up to all of them."""
    if rows.is_empty():
        return ""
    sizes = [f"{term(said)}: {number(size(rows, name))}" for name, (_, said) in STATES.items()]
    return text(
        "One bar per status. {sizes}. In part: a rule on trial, or logs with only weak signs. "
        "Not observable: no log here can show it.",
        sizes="; ".join(sizes).capitalize(),
    )


def draw(rows: pl.DataFrame) -> Figure | None:
    """Draw clauses by how far they are monitored."""
    if rows.is_empty():
        return None
    traces, notes = [], []
    longest = 1
    for lane, (name, (role, status)) in enumerate(STATES.items()):
        clauses = size(rows, name)
        longest = max(longest, clauses)
        said = f"{term(status)}: {count(clauses, 'clause')}"
        traces.append(Bars(role, [(lane, 0, clauses, said)]))
        notes.append(Note(clauses, lane, number(clauses)))
    names = [term(SHORT.get(name, status)) for name, (_, status) in STATES.items()]
    across = Axis(0, longest * 1.1, scale(longest))
    return Figure(
        traces, [(across, lane_axis(names))], height=30 + ROW_HEIGHT * len(STATES), notes=notes
    )


def whom(binds: str) -> str:
    """Return the people that a clause binds, in words."""
    codes = [one for one in BINDS_SEVERAL.split(binds) if one]
    return listed([term(BINDS[code]) if code in BINDS else code for code in codes])


def clauses_table(rows: pl.DataFrame) -> Table:
    """Return every clause."""
    return table(
        text("One row per clause of the policy"),
        [
            "Clause",
            "Requirement",
            "Binds",
            "Monitored",
            "From logs",
            "Rules",
            "Cannot be shown",
        ],
        (
            [
                row["clause_id"],
                quoted(row["title"]),
                whom(row["binds"]),
                term(STATES[row["state"]][1]),
                term(STRENGTHS.get(row["strength"], "")),
                served(row),
                restated(row["cannot_show"]) or text("nothing else"),
            ]
            for row in rows.iter_rows(named=True)
        ),
    )


SECTION = Section(
    name="policy-map",
    # sixty codes inform the public less than the policy itself
    editions=tuple(one for one in EDITIONS if one != "public"),
    order=70,
    label="Policy coverage",
    page="rules",
    rows=rows,
    title=title,
    summary=summary,
    draw=draw,
    table=clauses_table,
)
