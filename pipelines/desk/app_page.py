"""The page *Apps*: which apps and AI tools people use, and a decision from each row."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pipelines.reports.app_rows import (
    AI,
    ENDED,
    ENDING,
    IDLE,
    KIND_LABELS,
    NEW,
    NO_AGREEMENT,
    AppRow,
    agreement,
    app_rows,
    decision,
    parts_said,
)
from pipelines.reports.report_inputs import ReportInputs
from pipelines.reports.view import View
from pipelines.reports.words import day_range

FLAGS: Mapping[str, str] = {
    NEW: "New this month",
    NO_AGREEMENT: "No agreement on file",
    ENDING: "Agreement ends within 60 days",
    ENDED: "Agreement has ended",
    IDLE: "Paid and hardly used",
}
NAMES = ("kind", "role", "building", "flag")
MAX_TEXT = 60


def apps_page(inputs: ReportInputs, query: Mapping[str, str]) -> dict[str, object]:
    """Return the apps of the newest four weeks, generative AI in its own table."""
    newest = inputs.app_use["event_date"].max()
    if not isinstance(newest, date):
        return {"groups": [], "dates": ""}
    apps = app_rows(View(inputs, newest - timedelta(days=newest.weekday())))
    chosen = {name: query.get(name, "")[:MAX_TEXT] for name in NAMES}
    rows = [row for row in apps.rows if _matches(row, chosen)]
    picked = next((row for row in apps.rows if row.name == query.get("app")), None)
    groups = [
        ("Generative AI", [_shown(row, chosen) for row in rows if row.kind == AI]),
        ("Other apps", [_shown(row, chosen) for row in rows if row.kind != AI]),
    ]
    return {
        "groups": groups,
        "dates": day_range(apps.start, apps.end) if apps.end else "",
        "least": inputs.least_count,
        "chosen": chosen,
        "choices": [
            ("kind", "Kind", dict(KIND_LABELS)),
            ("role", "Used by", _names(apps.rows, "roles")),
            ("building", "Building", _names(apps.rows, "places")),
            ("flag", "Needs a look", dict(FLAGS)),
        ],
        "app": picked.name if picked else "",
        "site": picked.host if picked else "",
        "is_any": bool(rows),
    }


def _names(rows: Sequence[AppRow], part: str) -> dict[str, str]:
    return {one: one for one in sorted({name for row in rows for name in getattr(row, part)})}


def _matches(row: AppRow, chosen: Mapping[str, str]) -> bool:
    return (
        chosen["kind"] in ("", row.kind)
        and (not chosen["role"] or chosen["role"] in row.roles)
        and (not chosen["building"] or chosen["building"] in row.places)
        and (not chosen["flag"] or chosen["flag"] in row.flags)
    )


def _shown(row: AppRow, chosen: Mapping[str, str]) -> dict[str, object]:
    """Return a row in words; with a role chosen, it has the accounts of that role."""
    people = row.people
    if chosen["role"]:
        people = row.roles[chosen["role"]]
    elif chosen["building"]:
        people = row.places[chosen["building"]]
    return {
        "name": row.name,
        "kind": KIND_LABELS[row.kind],
        "people": people,
        "roles": parts_said(row.roles),
        "places": parts_said(row.places),
        "decision": decision(row),
        "agreement": agreement(row),
        "flags": [words for flag, words in FLAGS.items() if flag in row.flags],
    }
