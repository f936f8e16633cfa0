"""The letter that goes with a referred case: two pages, in plain words."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.acts.context import ActContext
from pipelines.acts.names import code_names
from pipelines.findings.cases import Case
from pipelines.findings.claims import SURE, told
from pipelines.findings.record import FITS, NOT_TESTABLE, RULED_OUT
from pipelines.reports.pages import environment
from pipelines.reports.words import day, in_locale, listed
from pipelines.state.referral_rows import statements

MOST = 4
"""Findings, explanations and limits that are written out; the others are counted."""
MOST_LETTERS = 260
ASK: Mapping[str, Sequence[str]] = {
    "shared_account": (
        "Who else knows the password, and since when?",
        "Was the account left signed in somewhere?",
    ),
    "non_approved_site": (
        "Did the site serve the work? For which task?",
        "Was it a break, a free period or an agreed exception?",
    ),
    "off_hours_external": (
        "Was there work at that hour: an event, a duty, a repair?",
        "Who else could use the device then?",
    ),
    "anomaly": ("Is there a change in the work that explains it?",),
}


def letter(
    context: ActContext, case: Case, office: str, *, has_names: bool = False
) -> str:
    """The letter as a page.

    Args:
        has_names: Says whose the code names are; else it names nobody.
    """
    with in_locale(context.district.settings.district.locale):
        values = _values(context, case, office)
    people = _people(context, case) if has_names else []
    template = environment().get_template("letter.html.j2")
    return template.render(**values, people=people)


def _values(context: ActContext, case: Case, office: str) -> dict[str, Any]:
    findings = [(row, context.shown(row)) for row in case.counted]
    heaviest = case.heaviest
    tested = {
        (one["name"], one["test"], one["result"])
        for _, record in findings
        for one in record["alternatives"]
    }
    limits = dict.fromkeys(text for _, record in findings for text in record["limits"])
    return {
        "district": context.district.settings.district.name,
        "office": office,
        "case": case,
        "made": day(context.today),
        "seen": [
            (day(date.fromisoformat(row["event_date"])), _claim(context, row, record))
            for row, record in findings[:MOST]
        ],
        "more": max(len(findings) - MOST, 0),
        "sure": SURE.get(case.confidence, "Not well shown"),
        "lines": sum(len(record["evidence"]) for _, record in findings),
        "against": _named(tested, FITS, NOT_TESTABLE),
        "ruled_out": _named(tested, RULED_OUT),
        "limits": [_short(text) for text in limits][:MOST],
        "ask": ASK.get(str(heaviest["kind"]), ()),
        "statements": [
            _short(row["summary"])
            for row in statements(context.district.store, case.case_id)
        ][:2],
        "is_pupil": any(map(context.is_pupil, case.findings)),
    }


def _claim(
    context: ActContext, row: Mapping[str, Any], record: Mapping[str, Any]
) -> str:
    kind = context.district.subject_kind(row["rule"])
    return _short(told(record["claim"], context.subject(row), kind))


def _named(tested: set[tuple[str, str, str]], *results: str) -> list[str]:
    """Explanations with one of these results, each once; the rest are counted."""
    names = sorted({name for name, _, result in tested if result in results})
    more = len(names) - MOST
    return [*names[:MOST], *([f"and {more} more, in the pack"] if more > 0 else [])]


def _people(context: ActContext, case: Case) -> list[tuple[str, str]]:
    names = context.district.registry.people_names
    found = {}
    for token, (kind, value, person) in code_names(context, case):
        if kind == "person":
            continue
        whose = names.get(person or "", "") or (person or "")
        found[token] = f"{kind} {value}" + (f", of {whose}" if whose else "")
    rows = sorted(found.items())
    if len(rows) <= 2 * MOST:
        return rows
    rest = listed([token for token, _ in rows[2 * MOST :]], most=MOST)
    return [*rows[: 2 * MOST], ("further", f"{rest}: see the pack")]


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
