"""The command that walks a district through its exports, into its registry."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.actions.fetched_lists import TRIED_WEEKS, changed_files
from pipelines.actions.proposals import shown_effect, trial_with
from pipelines.cli.console import working
from pipelines.cli.options import AsJson, Home, open_context, who_asks
from pipelines.cli.output import print_facts
from pipelines.cli.private_kinds import decide_private_kinds
from pipelines.district import District, only_writer, open_district
from pipelines.errors import SettingsError, capital, safe_lines
from pipelines.fetch.lists import fetched_files
from pipelines.gaps.logs import arrived
from pipelines.gaps.week import noted_week
from pipelines.health.product_stories import shown_by_logs
from pipelines.proposals.fetched_rows import accept_fetched
from pipelines.proposals.setup import Plan, counts_of, plan_of, remedies, write
from pipelines.proposals.usual_duty import checked
from pipelines.registry.imports.exports import EXPORTS, IMPORTED
from pipelines.registry.imports.merged_rows import Merged
from pipelines.state.fetched import note_waiting
from pipelines.warehouse.sentences import counted

SHOWN = 5
"""Number of rows to show per file; the rest are counted."""
DIFFERENCES = 10

_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)")


def setup(
    home: Home,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="An export, or a folder of exports: CSV, JSON, zip, .ics, dhcpd.conf; repeatable.",
        ),
    ] = None,
    is_written: Annotated[
        bool, typer.Option("--write", help="Write it; otherwise only preview it.")
    ] = False,
    take: Annotated[
        list[str] | None,
        typer.Option(
            "--take",
            help="For this registry file, use the exports where cells differ, such as "
            "leave.csv; repeatable. The original is kept next to it.",
        ),
    ] = None,
    usual_duty: Annotated[
        str,
        typer.Option(
            "--usual-duty",
            help=(
                "Hours of all staff on school days, such as 07:30-16:00, for district.toml; "
                "default: the hours in full-day absences."
            ),
        ),
    ] = "",
    is_tried: Annotated[
        bool,
        typer.Option(
            "--try", help="Also show which findings of the last two weeks it would add or remove."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill the registry from exports of your district's systems.

    Shows what each export provides, what is skipped and why, and the rules that it
    enables. Lists that a service of [fetch] gave are read, too. On a terminal it asks for
    one export after another. Existing rows are not changed.
    """
    is_asking = not sources and not as_json and sys.stdin.isatty()
    _refuse_unknown(sources or (), take or ())
    paths = _asked() if is_asking else list(sources or ())
    hours = checked(usual_duty) if usual_duty else ""
    with open_district(home) as district:
        # rows that a person removed return only from a file that the person names
        is_fetched = not paths
        paths += [path for _, path in fetched_files(district.home, district.settings)]
        plan = plan_of(district, paths, take or (), hours, is_new_only=is_fetched)
        if is_asking and ("staff_duty.csv" in plan.missing or plan.unplaced):
            hours = _asked_hours() if "staff_duty.csv" in plan.missing else hours
            plan = plan_of(district, paths, take or (), hours, list(_asked_places(plan)))
        _show(district, plan, as_json=as_json)
        if is_tried and not plan.is_empty:
            _try(home, plan, as_json=as_json)
        is_wanted = is_written or (is_asking and not plan.is_empty and typer.confirm("Write this?"))
        done = _written(district, plan, paths, is_fetched=is_fetched) if is_wanted else []
    for line in done:
        typer.echo(safe_lines(line), err=as_json)
    if not as_json and not is_wanted:
        more = "" if plan.is_empty else " To write it, use --write."
        typer.echo(f"Nothing was written.{more}")
    if not as_json:
        decide_private_kinds(home, is_asking=is_asking)


def _show(district: District, plan: Plan, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(plan)))
        return
    for line in _told(plan):
        typer.echo(safe_lines(line))
    line = capital(noted_week(district.store).line)
    typer.echo(f"{line}. The next run recalculates it.")
    for line in shown_by_logs(arrived(district.store)):
        typer.echo(safe_lines(f"{line}."))


def _refuse_unknown(sources: Sequence[Path], take: Sequence[str]) -> None:
    for path in sources:
        if not path.exists():
            raise SettingsError("is not there", where=str(path), remedy="Name a file.")
    for name in take:
        if name not in IMPORTED:
            raise SettingsError(
                f"no export can fill {name}",
                where="--take",
                remedy=f"It is one of: {', '.join(sorted(IMPORTED))}.",
            )


def _asked() -> list[Path]:
    """Ask for a folder of exports, or one export after another; Enter continues without."""
    folder = _path("Folder with all exports (Enter: ask for each)")
    if folder is not None:
        return [folder]
    wanted: dict[str, list[str]] = {}
    for export in EXPORTS:
        if export.how:
            wanted.setdefault(export.how, []).append(export.name)
    wanted["as .ics (Google Calendar: Settings, Export)"] = ["school calendar"]
    answers = (_path(f"{', '.join(names)} ({how})") for how, names in wanted.items())
    return list(dict.fromkeys(filter(None, answers)))


def _asked_hours() -> str:
    """Ask for the usual hours of staff; empty if unknown."""
    question = "Hours of most staff on school days, such as 07:30-16:00 (Enter: none)"
    while answer := typer.prompt(question, "", show_default=False).strip():
        try:
            return checked(answer)
        except SettingsError as error:
            typer.echo(f"{answer} {error}")
    return ""


def _asked_places(plan: Plan) -> Iterator[dict[str, str]]:
    """Ask for coordinates of each building that has none; Enter skips them."""
    for code, name in plan.unplaced:
        question = f"Latitude, longitude of {name or code}, such as 41.60, -93.60; Enter"
        while answer := typer.prompt(f"{question} for none", "", show_default=False):
            if found := _PLACE.fullmatch(answer.strip()):
                yield {"building": code, "lat": found[1], "lon": found[2]}
                break
            typer.echo(f"{answer} is not a latitude and a longitude.")


def _path(question: str) -> Path | None:
    """Return a path that exists; None if the answer was empty."""
    while answer := typer.prompt(question, "", show_default=False).strip():
        if (path := Path(answer).expanduser()).exists():
            return path
        typer.echo(f"{answer} does not exist.")
    return None


def _try(home: Path, plan: Plan, *, as_json: bool) -> None:
    """Print which findings of the last weeks the plan would add or remove."""
    with open_context(home, "replay") as context:
        with working("judging the last weeks with the new rows"):
            trial = trial_with(context, changed_files(plan), TRIED_WEEKS)
        facts, effect = shown_effect(context, trial)
        print_facts(facts, *effect, as_json=as_json)


def _written(district: District, plan: Plan, paths: list[Path], *, is_fetched: bool) -> list[str]:
    if plan.is_empty:
        return ["Nothing new."]
    home, store = district.home, district.store
    actor = str(who_asks(home, district.settings))
    with only_writer(home):
        if is_fetched:
            _, done = accept_fetched(district, plan, actor)
        else:
            done = write(store, home, plan, actor, ", ".join(path.name for path in paths))
        note_waiting(store, 0)
    if is_fetched:
        return [*done, "The next run uses it. schoolbell propose --take-back fetched undoes it."]
    keeps = "The home keeps what later lists complete. " if plan.to_keep else ""
    return [
        *done,
        f"The next run uses it. {keeps}Delete the exports: they contain names.",
    ]


def _told(plan: Plan) -> Iterator[str]:
    for one in plan.taken:
        gave = ", ".join(f"{len(rows):,} for {file}" for file, rows in one.rows.items())
        yield (
            f"{one.sheet.place}: {one.export.name}, {len(one.sheet.rows):,} rows; "
            f"{gave or 'not used' + (one.export.why and f': {one.export.why}')}"
        )
        yield from (f"  left out: {line}" for line in one.said)
        yield from (f"  note: {line}" for line in one.notes)
        yield from (f"  not read: {line}" for line in by_reason(one.unread))
        yield from (f"  {problem}" for problem in one.sheet.told)
    yield from _calendars(plan)
    yield from (f"{one.place}: not read: {one.why}" for one in plan.unread)
    if plan.kept:
        kinds = ", ".join(dict.fromkeys(one.export.name for one in plan.kept))
        yield f"matched again, from earlier imports: {kinds}"
    yield from _later_names(plan)
    for merged in plan.files:
        yield from _difference(merged)
    yield from _set(plan)
    yield from (f"{problem}" for problem in plan.problems)
    of = plan.rule_count
    yield (
        f"Rules whose registry files have rows: {of - len(plan.lacking_before)} of {of} -> "
        f"{of - len(plan.lacking)} of {of}"
    )
    for code, files in plan.lacking.items():
        yield f"  {code}: no rows in {', '.join(files)}"
    for file, disables, how in remedies(plan.missing):
        yield f"{file} has no row: {disables}"
        yield f"  from: {how}"


def by_reason(unread: Mapping[str, str]) -> Iterator[str]:
    """Yield the columns that are not read, a line for each reason."""
    reasons: dict[str, list[str]] = {}
    for column, reason in unread.items():
        reasons.setdefault(reason, []).append(column)
    yield from (f"{', '.join(columns)}: {reason}" for reason, columns in reasons.items())


def _later_names(plan: Plan) -> Iterator[str]:
    """Yield the people and buildings that get the names of a later list."""
    persons, places = plan.renames.persons, plan.renames.places
    if persons:
        people = counted(len(persons), "1 person gets|# people get")
        yield f"{people} the sourcedId of the roster, in every file"
    for code, place in places.items():
        if code == place.building:
            continue
        yield f"building {code} is {place.building} now, in every file"


def outline(plan: Plan) -> Iterator[str]:
    """Yield what each export provides, what is not read, and what each file would gain."""
    for one in plan.taken:
        gave = ", ".join(f"{len(rows):,} for {file}" for file, rows in one.rows.items())
        yield f"  {one.sheet.place}: {one.export.name}; {gave or 'not used'}"
    yield from (f"  {one.place}: not read: {one.why}" for one in plan.unread)
    for merged in plan.files:
        yield f"  {merged.file}: {counts_of(merged)}"
    yield from (f"  {problem}" for problem in plan.problems)


def _calendars(plan: Plan) -> Iterator[str]:
    for calendar in plan.calendars:
        days = ", ".join(f"{count} {kind}" for kind, count in calendar.days.items())
        yield f"{calendar.place}: calendar, {days or 'no recognized days'}"
        if calendar.span:
            first, last = calendar.span
            yield f"  weekdays before {first} and after {last} have no kind"


def _set(plan: Plan) -> Iterator[str]:
    """Yield the settings that would be written, and missing coordinates."""
    if plan.usual_duty:
        by = f" ({plan.full_days} absences of a full day)" if plan.full_days else ""
        yield f"--- district.toml: usual_duty {plan.usual_duty} for all staff{by}"
        yield "  ask about events before judging evenings and weekends on site"
    if plan.unplaced:
        some = ", ".join(name or code for code, name in plan.unplaced[:SHOWN])
        more = ", ..." if len(plan.unplaced) > SHOWN else ""
        told = counted(
            len(plan.unplaced),
            "# building has no lat and lon, so travel to or from it is|"
            "# buildings have no lat and lon, so travel to or from them is",
        )
        yield f"{told} never too fast (SA-1, SA-2): {some}{more}"


def _difference(merged: Merged) -> Iterator[str]:
    """Yield what a file would gain, and where it differs."""
    told = f"--- {merged.file}: {counts_of(merged)}, {merged.same:,} there already"
    alone = f", {merged.alone:,} only in the registry" if merged.alone else ""
    yield told + alone
    yield from (f"+ {line}" for line in merged.added[:SHOWN])
    if len(merged.added) > SHOWN:
        yield f"+ ... {len(merged.added) - SHOWN:,} more"
    for cell in merged.filled[:SHOWN]:
        yield f"~ line {cell.line} {cell.column}: {cell.there!r}, which was empty"
    for cell in merged.differs[:DIFFERENCES]:
        now = f"{cell.there!r}, was {cell.here!r}"
        kept = f"{cell.here!r} is kept; the export has {cell.there!r}"
        yield f"! line {cell.line} {cell.column}: {now if merged.is_taken else kept}"
    if merged.differs and not merged.is_taken:
        count = len(merged.differs)
        yield f"! {count:,} cells differ; --take {merged.file} takes the exports'"


def _facts(plan: Plan) -> dict[str, object]:
    return {
        "read": [
            {
                "place": one.sheet.place,
                "export": one.export.name,
                "rows": len(one.sheet.rows),
                "gave": {file: len(rows) for file, rows in one.rows.items()},
                "left_out": {why: len(which) for why, which in one.left.items()},
                "notes": one.notes,
                "columns_not_read": one.unread,
            }
            for one in plan.taken
        ],
        "calendars": {one.name: dict(one.days) for one in plan.calendars},
        "not_read": {one.place: one.why for one in plan.unread},
        "files": [
            {
                "file": one.file,
                "added": len(one.added),
                "filled": len(one.filled),
                "differs": len(one.differs),
                "same": one.same,
                "alone": one.alone,
            }
            for one in plan.files
        ],
        "usual_duty": plan.usual_duty,
        "problems": [asdict(one) for one in plan.problems],
        "rules": {
            "before": plan.rule_count - len(plan.lacking_before),
            "after": plan.rule_count - len(plan.lacking),
            "of": plan.rule_count,
            "lacking": plan.lacking,
        },
        "missing": plan.missing,
    }
