"""The days of an account or a device of a case, on one time line under code names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.actions.context import ActionContext
from pipelines.day_kinds import DAY_KINDS, DayType
from pipelines.desk.open_homes import OpenHome
from pipelines.desk.queue import rule_title
from pipelines.errors import SettingsError
from pipelines.findings.cases import LEAD, Case
from pipelines.privacy.pseudonyms import Kind
from pipelines.registry.registry import building_names
from pipelines.reports.charts import ROW_HEIGHT, Axis, Bars, Box, Figure, band, lane_axis
from pipelines.reports.static_charts import drawing
from pipelines.reports.words import count, day, day_range, day_ranges, day_with_year, device_name
from pipelines.state import ledger
from pipelines.state.findings import WITHDRAWN
from pipelines.state.retention import purged_events
from pipelines.warehouse.models import attached_query, subject_kind
from pipelines.warehouse.snapshots import attach_warehouse

WEEKS = 8
"""Weeks on one page."""
WEEKS_AFTER = 3
"""Weeks after that of the case on its first page."""
MAX_LANES = 7
MIN_YEAR, MAX_YEAR = 1971, 9998
NOWHERE = "no building"
OTHERS = "another account"
NO_LOGS = "no logs"
BAR = 0.84
"""Width of a day's bar, in days."""
LEAVE = {"full": "on leave", "am": "on leave in the morning", "pm": "on leave in the afternoon"}


class Subject(NamedTuple):
    """An account or a device of a case, and its code name."""

    kind: Kind
    value: str
    name: str


class LinkedCase(NamedTuple):
    """A finding on a day: the case to open, its number and the title of the rule."""

    case_id: str
    label: str
    title: str
    is_this: bool


@dataclass
class Day:
    """One day of an account or a device: its use, its cases, and what is missing.

    Attributes:
        minutes: Active minutes by lane; 0 for a lane with a sign-in alone.
        away: Kind of day and leave, in words.
        gaps: What was not judged or cannot be shown any more, in words.
        is_without_logs: Whether no log line of the day is stored.
    """

    when: date
    minutes: dict[str, float] = field(default_factory=dict)
    cases: list[LinkedCase] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    is_without_logs: bool = False

    @property
    def name(self) -> str:
        """The day in words."""
        return day(self.when)

    @property
    def use(self) -> list[str]:
        """Use by lane in words, the longest first."""
        pairs = sorted(self.minutes.items(), key=lambda pair: (-pair[1], pair[0]))
        if not pairs:
            return ["unknown: no logs" if self.is_without_logs else "no use recorded"]
        return [f"{lane}: {_minutes(time)}" for lane, time in pairs]


def days_page(
    home: OpenHome, context: ActionContext, case: Case, chosen: Mapping[str, str]
) -> dict[str, object]:
    """Return the days of an account or a device of a case.

    Raises:
        SettingsError: The case has only leads, or the choice is not a part of the case.
        NothingReadError: No day is stored.
        BusyError: A run is in progress.
    """
    if all(row["confidence"] == LEAD for row in case.counted):
        raise SettingsError(
            f"case {case.label} is only a lead",
            remedy="The days of an account or a device are shown for a case alone.",
        )
    unjudged = home.base().unjudged_days
    subjects = _subjects(home, case)
    subject = next((one for one in subjects if one.name == chosen.get("of")), None)
    if subject is None and chosen.get("of"):
        raise SettingsError(
            f"case {case.label} has no account or device with this code name",
            remedy="Choose one on the page of its days.",
        )
    subject = subject or subjects[0]
    covered = ledger.event_days(context.district.store)
    first = _monday(chosen.get("from", ""), case, max(covered, default=context.today))
    last = first + timedelta(weeks=WEEKS, days=-1)
    days = {when: Day(when) for when in (first + timedelta(at) for at in range(7 * WEEKS))}
    _add_use(home, context, case, subject, days)
    _add_cases(context, case, subject, days)
    _add_away(context, subject, days)
    _add_gaps(context, case, days, unjudged)
    lanes = _lanes(days.values())
    figure = _figure(list(days.values()), lanes)
    step = timedelta(weeks=WEEKS)
    return {
        "case": case,
        "subject": subject,
        "subjects": subjects,
        "is_student": any(map(context.is_student, case.findings)),
        "is_own": any(context.is_own(str(row["subject"])) for row in case.findings),
        "dates": day_range(first, last),
        "days": [one for one in reversed(days.values()) if _has_content(one)],
        "without_logs": day_ranges([one.when for one in days.values() if one.gaps == [NO_LOGS]]),
        "drawing": drawing(figure),
        "phone": drawing(figure, is_narrow=True),
        "summary": _summary(list(days.values())),
        "earlier": (first - step).isoformat() if covered and covered[0] < first else "",
        "later": (first + step).isoformat() if covered and covered[-1] > last else "",
    }


def _subjects(home: OpenHome, case: Case) -> list[Subject]:
    """Return accounts and devices of a case that its findings name, without leads."""
    names = home.names(case)
    values: dict[tuple[Kind, str], None] = {}
    for row in case.counted:
        values[subject_kind(row["rule"]), str(row["subject"])] = None
    for row in case.counted:
        for device in row["record"].get("devices") or ():
            values["device", str(device)] = None
    return [Subject(kind, value, names.names(kind, [value])[value]) for kind, value in values]


def _monday(text: str, case: Case, newest: date) -> date:
    """Return the first day of the page; without a choice, its last week has the newest day.

    Its last week is at most `WEEKS_AFTER` weeks after that of the case.

    Raises:
        SettingsError: The text is not a date.
    """
    if not text:
        last = case.monday + timedelta(weeks=WEEKS_AFTER)
        return min(last, newest - timedelta(days=newest.weekday())) - timedelta(weeks=WEEKS - 1)
    try:
        when = date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError("the first day is not a date", where="from") from error
    if not MIN_YEAR <= when.year <= MAX_YEAR:
        raise SettingsError(f"{when} has no logs", where="from", remedy="Choose another day.")
    return when - timedelta(days=when.weekday())


def _add_use(
    home: OpenHome,
    context: ActionContext,
    case: Case,
    subject: Subject,
    days: Mapping[date, Day],
) -> None:
    """Add active minutes and sign-ins; accounts that are not a part of the case have no name."""
    values = {"kind": subject.kind, "subject": subject.value, "first": min(days), "last": max(days)}
    with attach_warehouse(context.district.home.warehouse) as database:
        rows = database.frame(attached_query("lookups/use_of_a_subject"), values)
    names = home.names(case)
    devices = names.names("device", set(rows["device"].drop_nulls()))
    accounts = {one.value: one.name for one in _subjects(home, case) if one.kind == "account"}
    buildings = building_names(context.district.registry)
    for row in rows.filter(~pl.col("is_sign_in")).iter_rows(named=True):
        where = buildings.get(row["building"], NOWHERE)
        if subject.kind == "account":
            device = devices.get(row["device"])
            lane = f"{device_name(device)}, {where}" if device else where
        else:
            lane = accounts.get(row["account"], OTHERS)
        minutes = days[row["event_date"]].minutes
        minutes[lane] = minutes.get(lane, 0) + row["minutes"]
    for row in rows.filter("is_sign_in").iter_rows(named=True):
        minutes = days[row["event_date"]].minutes
        if subject.kind == "account":
            lane = device_name(devices.get(row["device"]))
            if any(other.startswith(f"{lane}, ") for other in minutes):
                continue
        else:
            lane = accounts.get(row["account"], OTHERS)
        minutes.setdefault(lane, 0)


def _add_cases(
    context: ActionContext, case: Case, subject: Subject, days: Mapping[date, Day]
) -> None:
    """Add the findings about the subject, and on a device those of this case alone."""
    for one in context.cases:
        for row in one.findings:
            is_about = subject_kind(row["rule"]) == subject.kind and row["subject"] == subject.value
            devices = row["record"].get("devices") or ()
            is_on = one.case_id == case.case_id and subject.value in devices
            counts = row["confidence"] != LEAD and row["status"] != WITHDRAWN
            when = date.fromisoformat(str(row["event_date"]))
            if counts and (is_about or is_on) and when in days:
                linked = LinkedCase(
                    one.case_id,
                    one.label,
                    rule_title(context, row["rule"]),
                    one.case_id == case.case_id,
                )
                if linked not in days[when].cases:
                    days[when].cases.append(linked)


def _add_away(context: ActionContext, subject: Subject, days: Mapping[date, Day]) -> None:
    """Add days without school and, for an account, its owner's approved leave."""
    frames = context.district.registry.frames
    if subject.kind == "account":
        owners = {when: context.owner_on(subject.value, when) for when in days}
        people = frames["people"].select("person_id", "building").drop_nulls()
        homes = dict(people.iter_rows())
        places = {when: homes.get(owner or "") for when, owner in owners.items()}
        leave = frames["leave_windows"].filter(pl.col("status") == "approved")
        for person, when, part in leave.select("person_id", "event_date", "part").iter_rows():
            if when in days and owners[when] == person and LEAVE[part] not in days[when].away:
                days[when].away.append(LEAVE[part])
    else:
        devices = frames["devices"].filter(pl.col("device") == subject.value)["building"]
        building = next(iter(devices.drop_nulls()), None)
        places = dict.fromkeys(days, building)
    kinds = {
        (when, building): kind
        for when, building, kind in frames["calendar_days"]
        .select("date", "building", "day_type")
        .iter_rows()
        if when in days
    }
    for when, one in days.items():
        kind: DayType | None = kinds.get((when, places[when])) or kinds.get((when, None))
        if kind and kind != "school":
            one.away.insert(0, DAY_KINDS[kind].label)


def _add_gaps(
    context: ActionContext, case: Case, days: Mapping[date, Day], unjudged_days: pl.DataFrame
) -> None:
    """Add days without logs, those whose lines were deleted, and those that no rule judged."""
    store, zone = context.district.store, ZoneInfo(context.district.zone)
    covered = set(ledger.event_days(store))
    codes = {row["rule"] for row in case.counted}
    unjudged = unjudged_days.filter(pl.col("rule").is_in(codes))
    for rule, when in unjudged.select("rule", "event_date").unique().sort("rule").iter_rows():
        if when in days:
            days[when].gaps.append(f"not judged: “{rule_title(context, rule)}”")
    for when, one in days.items():
        one.is_without_logs = when not in covered
        if deleted := purged_events(store, when):
            time = datetime.fromisoformat(deleted[-1][1]).astimezone(zone)
            part = "some log lines" if when in covered else "log lines"
            one.gaps.append(f"{part} deleted {day_with_year(time.date())}")
        elif when not in covered and when <= context.today:
            one.gaps.append(NO_LOGS)


def _minutes(minutes: float) -> str:
    """Return active minutes in words; none where only a sign-in was recorded."""
    return f"{max(round(minutes), 1)} min" if minutes else "signed in"


def _has_content(one: Day) -> bool:
    deleted_or_unjudged = one.gaps and one.gaps != [NO_LOGS]
    is_away = one.away and not one.is_without_logs
    return bool(one.minutes or one.cases or deleted_or_unjudged or is_away)


def _lanes(days: Iterable[Day]) -> list[str]:
    """Return the lanes with the most use."""
    totals: dict[str, float] = {}
    for one in days:
        for lane, minutes in one.minutes.items():
            totals[lane] = totals.get(lane, 0) + minutes + 1
    return sorted(totals, key=lambda lane: (-totals[lane], lane))[:MAX_LANES]


def _figure(days: Sequence[Day], lanes: Sequence[str]) -> Figure:
    """Return the time line: a lane for cases, and one for each place or account."""
    lane_of = {lane: row for row, lane in enumerate(lanes, 1)}
    groups: dict[str, list[tuple[float, float, float, str]]] = {
        name: [] for name in ("use", "sign", "this", "other")
    }
    boxes: list[Box] = []
    low, high = -0.5, len(lanes) + 0.5
    for at, one in enumerate(days):
        start = at + (1 - BAR) / 2
        for lane, minutes in one.minutes.items():
            if lane in lane_of:
                text = f"{one.name}: {_minutes(minutes)}"
                groups["use" if minutes else "sign"].append((lane_of[lane], start, BAR, text))
        for linked in one.cases:
            mark = (0, start, BAR, f"{one.name}: case {linked.label}")
            groups["this" if linked.is_this else "other"].append(mark)
        if one.away:
            boxes.append(band(at, at + 1, low, high))
        if one.gaps:
            boxes.append(Box(at, at + 1, low, high))
    series = (
        ("use", "blue", "In use"),
        ("sign", "green", "Signed in only"),
        ("this", "vermillion", "This case"),
        ("other", "purple", "Another case"),
    )
    ticks = [(at, one.name.partition(", ")[2] or one.name) for at, one in enumerate(days[::7])]
    across = Axis(0, len(days), [(7.0 * at, text) for at, text in ticks], has_grid=True)
    return Figure(
        [Bars(role, groups[name], text) for name, role, text in series if groups[name]],
        [(across, lane_axis(["Cases", *lanes]))],
        ROW_HEIGHT * (len(lanes) + 1) + 60,
        boxes,
    )


def _summary(days: Sequence[Day]) -> str:
    """Return the time line in one sentence."""
    used = sum(any(one.minutes.values()) for one in days)
    with_case = sum(bool(one.cases) for one in days)
    gaps = sum(bool(one.gaps) for one in days)
    return (
        f"In use on {count(used, 'day')} of {len(days)}; findings on {count(with_case, 'day')}; "
        f"{count(gaps, 'day')} without logs or not judged."
    )
