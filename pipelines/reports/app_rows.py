"""Apps and AI tools: who uses them, what covers them, and what needs a decision.

The report and the desk read the same rows. People are counted and never named; a count
of few accounts is withheld, and so is each count from which it could be derived.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.privacy.suppression import Grid, band, held_back, with_totals
from pipelines.reports.language import marked, term, text
from pipelines.reports.report_inputs import SCHEMAS, ReportInputs
from pipelines.reports.view import View, once, place_name
from pipelines.reports.words import day_with_year, number

AI = "generative_ai"
KIND_LABELS: Mapping[str, str] = {
    AI: marked("generative AI"),
    "learning": marked("learning"),
    "classroom": marked("classroom tools"),
    "creative": marked("creative tools"),
    "office": marked("office tools"),
    "administration": marked("administration"),
    "other": marked("other apps"),
}
"""Kinds of apps, in the order of the page."""
WEEKS = timedelta(weeks=4)
SOON = timedelta(days=60)
HARDLY = 0.1
"""Share of its licenses below which a paid app is hardly used."""
UNKNOWN_ROLE = marked("role not known")
WITHHELD = marked("withheld")
BANDED = ("board", "public")
"""Editions that give counts as a range: from one week to the next, a difference would show one
person.
"""
NEW, NO_AGREEMENT, ENDED, ENDING, IDLE = "new", "no agreement", "ended", "ending", "idle"


@dataclass(frozen=True)
class AppRow:
    """An app with its use in four weeks.

    Attributes:
        facts: Its row of the frame `apps`.
        people: Accounts that used it, in words.
        accounts: Their number; None if it is withheld.
        roles: Accounts by role, in words.
        places: Accounts by building, in words.
        flags: What needs a look, of the words of this module.
    """

    facts: Mapping[str, Any]
    people: str
    accounts: int | None
    roles: Mapping[str, str]
    places: Mapping[str, str]
    flags: frozenset[str]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.facts["app"])

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.facts["kind"])

    @property
    def host(self) -> str:
        """The first of its hosts."""
        return str(self.facts["hosts"]).split("|")[0]


@dataclass(frozen=True)
class Apps:
    """The apps in use, generative AI first, and paid ones without use.

    Attributes:
        start: First day of the four weeks.
        end: Last day with data; None without data.
        is_banded: Counts are ranges, without roles and buildings.
    """

    rows: Sequence[AppRow]
    start: date
    end: date | None
    is_banded: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def of_kind(self, *kinds: str) -> "list[AppRow]":
        """Return the apps of some kinds."""
        return [row for row in self.rows if row.kind in kinds]

    def flagged(self, flag: str) -> "list[AppRow]":
        """Return the apps that need a look for one reason."""
        return [row for row in self.rows if flag in row.flags]


def decisions(
    apps: pl.DataFrame, entries: pl.DataFrame, used: pl.DataFrame, today: date
) -> pl.DataFrame:
    """Return the frame `apps` of a report: each app with the decision of the list of sites.

    Args:
        apps: Frame `apps` of the registry.
        entries: Frame `approved_sites` of the registry.
        used: Frame `app_use`; an app without a row is a site of generative AI.
    """
    known = set(apps["app"])
    unnamed = [
        {"app": name, "hosts": name, "kind": AI, "is_in_file": False}
        for name in used["app"].unique().sort()
        if name not in known
    ]
    rows = [*apps.iter_rows(named=True), *unnamed]
    listed = entries.sort("entry_id").rows(named=True)
    decided = [row | _decision(str(row["hosts"]).split("|"), listed, today) for row in rows]
    return pl.DataFrame(decided, schema=dict(SCHEMAS["apps"]), orient="row")


def _decision(
    hosts: Sequence[str], entries: Sequence[Mapping[str, Any]], today: date
) -> dict[str, object]:
    """Return what the list states about hosts today: denied, approved, ended or nothing."""
    about = [
        one for one in entries if any(_covers(one["pattern"], one["match"], host) for host in hosts)
    ]
    current = [one for one in about if (one["valid_from"] or today) <= today]
    valid = [one for one in current if (one["valid_to"] or today) >= today]
    for decision, found in (
        ("denied", [one for one in valid if one["match"] == "deny"]),
        ("approved", [one for one in valid if one["match"] != "deny"]),
        ("ended", [one for one in current if one not in valid and one["match"] != "deny"]),
    ):
        if found:
            days = [one["valid_to"] for one in found]
            return {
                "decision": decision,
                "decided_for": "|".join(sorted({one["role"] for one in found})),
                "decided_until": None if None in days else max(days),
            }
    return {"decision": None, "decided_for": None, "decided_until": None}


def _covers(pattern: str, match: str, host: str) -> bool:
    is_below = match in ("domain", "deny") and host.endswith(f".{pattern}")
    return match != "path_prefix" and (host == pattern or is_below)


@once
def app_rows(view: View) -> Apps:
    """Return the apps of the four weeks that end with the view's last day with data."""
    use = view.inputs.app_use
    ends = view.of_week(use)["event_date"]
    end = ends.max()
    if not isinstance(end, date):
        return Apps((), view.end - WEEKS + timedelta(days=1), None)
    start = end - WEEKS + timedelta(days=1)
    today = view.inputs.generated_time.astimezone(view.zone).date()
    first = use.group_by("app").agg(pl.col("first_date").min())
    is_old_enough = _reaches_before(use, start)
    begun = {name for name, day in first.iter_rows() if day >= start} if is_old_enough else set()
    current = {
        str(name): own
        for (name,), own in use.filter(event_date=end).group_by("app", maintain_order=True)
    }
    rows = [
        _row(view.inputs, facts, current.get(facts["app"]), facts["app"] in begun, today)
        for facts in view.inputs.apps.iter_rows(named=True)
        if facts["app"] in current or (facts["is_in_file"] and facts["licenses"])
    ]
    order = list(KIND_LABELS)
    shown = [row for row in rows if _may_be_named(view, row)]
    return Apps(
        sorted(
            shown,
            key=lambda row: (order.index(row.kind), -(row.accounts or 0), row.name.casefold()),
        ),
        start,
        end,
        view.inputs.reader in BANDED,
    )


def _reaches_before(use: pl.DataFrame, start: date) -> bool:
    """Return whether logs show two weeks before the first day; else each app would be new."""
    earliest = use["first_date"].min()
    return isinstance(earliest, date) and earliest <= start - timedelta(weeks=2)


def _may_be_named(view: View, row: AppRow) -> bool:
    """Return whether an edition may name an app: one of few people, if the district lists it."""
    return (
        view.inputs.reader not in BANDED
        or bool(row.facts["is_in_file"])
        or row.accounts is not None
    )


def _row(
    inputs: ReportInputs,
    facts: Mapping[str, Any],
    use: pl.DataFrame | None,
    is_new: bool,  # noqa: FBT001 - the row's own fact
    today: date,
) -> AppRow:
    least = inputs.least_count
    accounts = int(use["account_count"].sum()) if use is not None else 0
    is_shown = not 0 < accounts < least
    is_banded = inputs.reader in BANDED
    if not is_shown:
        people = text("fewer than {least}", least=least)
    else:
        people = band(accounts, least) if is_banded else number(accounts)
    parts = (
        {"role": {}, "building": {}}
        if use is None or not is_shown or is_banded
        else {name: _parts(use, name, least) for name in ("role", "building")}
    )
    return AppRow(
        facts,
        people if accounts else text("no use"),
        accounts if is_shown else None,
        {
            term(UNKNOWN_ROLE) if key == "unknown" else key: one
            for key, one in parts["role"].items()
        },
        {place_name(key): one for key, one in parts["building"].items()},
        frozenset(_flags(facts, accounts, today, is_new=is_new, is_banded=is_banded)),
    )


def _parts(use: pl.DataFrame, name: str, least: int) -> dict[str, str]:
    """Return the accounts by role or by building; they add up to all accounts of the app."""
    sums = use.group_by(name).agg(pl.col("account_count").sum()).sort(name)
    counts = with_totals([[int(one) for one in sums["account_count"]]])
    hidden = held_back(Grid(counts, counts), least)
    shown = {
        key: (counts[0][at] if (0, at) not in hidden else 0) for at, key in enumerate(sums[name])
    }
    # withheld ones come last by name: their order would show which is larger
    ordered = sorted(shown, key=lambda key: (-shown[key], key))
    return {key: number(shown[key]) if shown[key] else term(WITHHELD) for key in ordered}


def _flags(
    facts: Mapping[str, Any], accounts: int, today: date, *, is_new: bool, is_banded: bool
) -> Iterator[str]:
    if is_new:
        yield NEW
    if accounts and not facts["agreement"] and facts["decision"] != "denied":
        yield NO_AGREEMENT
    if (ends := facts["ends"]) and ends < today:
        yield ENDED
    elif ends and ends - today <= SOON:
        yield ENDING
    # a range does not show whether it is a tenth
    if facts["licenses"] and not is_banded and accounts < HARDLY * facts["licenses"]:
        yield IDLE


def agreement(row: AppRow) -> str:
    """Return what the registry states about an app's agreement."""
    facts = row.facts
    if not facts["agreement"]:
        if facts["asked"]:
            return text("vendor asked {day}", day=day_with_year(facts["asked"]))
        return text("not on file")
    if ENDED in row.flags:
        return text("ended {day}", day=day_with_year(facts["ends"]))
    return text("until {day}", day=day_with_year(facts["ends"])) if facts["ends"] else text("yes")


def decision(row: AppRow) -> str:
    """Return what the list of sites states about an app today."""
    facts = row.facts
    if facts["decision"] is None:
        return text("not decided")
    if facts["decision"] == "denied":
        return text("denied")
    if facts["decision"] == "ended":
        return text("ended {day}", day=day_with_year(facts["decided_until"]))
    roles = ", ".join(
        dict.fromkeys(
            text("one person") if one.startswith("person:") else one
            for one in str(facts["decided_for"]).split("|")
        )
    )
    if facts["decided_until"]:
        return text(
            "approved for {roles} until {day}",
            roles=roles,
            day=day_with_year(facts["decided_until"]),
        )
    return text("approved for {roles}", roles=roles)


def parts_said(parts: Mapping[str, str]) -> str:
    """Return counts by role or building, as in "teacher 12, student withheld"."""
    return ", ".join(f"{name} {size}" for name, size in parts.items())


def published(inputs: ReportInputs) -> dict[str, pl.DataFrame]:
    """Return the frames of apps for everyone.

    Without roles, buildings and owners, and each count as the start of its range.
    """
    least = inputs.least_count
    sums = inputs.app_use.group_by("event_date", "app", maintain_order=True).agg(
        pl.col("account_count").sum(), pl.col("first_date").min()
    )
    steps = (1, least, 2 * least, 4 * least, 10 * least)
    floor = pl.coalesce(
        pl.when(pl.col("account_count") >= step).then(pl.lit(step, pl.Int64))
        for step in reversed(steps)
    )
    nowhere = {"role": pl.lit(None, pl.String), "building": pl.lit(None, pl.String)}
    return {
        "app_use": sums.with_columns(**nowhere, account_count=floor),
        "apps": inputs.apps.with_columns(owner=pl.lit(None, pl.String)),
    }
