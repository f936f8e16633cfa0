"""The command that leads from nothing to the first report, a step at a time."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import chain
from itertools import count as count_from
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from pipelines.actions.context import ActionContext
from pipelines.actions.proposals import Group, accept_group, groups, offered
from pipelines.actions.site_effects import list_in_words
from pipelines.cli.console import console, watching
from pipelines.cli.init import made_home
from pipelines.cli.options import AsJson, Home, Quiet, SettleSeconds, open_context, who_asks
from pipelines.cli.output import print_facts
from pipelines.cli.private_kinds import decide_private_kinds
from pipelines.cli.setup import outline
from pipelines.district import District, only_writer, open_district, open_outlined
from pipelines.errors import SettingsError, capital, safe, safe_lines
from pipelines.fetch.fetching import fetch
from pipelines.fetch.lists import fetch_lists, fetched_files
from pipelines.fetch.services import services
from pipelines.ingest.source import SETTLE_SECONDS
from pipelines.proposals.first_steps import FirstSteps, MissingExport, first_steps, format_of
from pipelines.proposals.setup import plan_of, write
from pipelines.registry.imports.exports import HOW, SYSTEMS, exports_of
from pipelines.registry.new_home import Answers
from pipelines.reports.words import count
from pipelines.run.run import run
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import nearest
from pipelines.state.fetched import note_waiting

Paths = Annotated[
    list[Path] | None,
    typer.Option("--logs", help="A log, or a folder of logs; copied to landing/."),
]
CHUNK = 1 << 20
LATER = 5
"""Number of registry files for later to list."""


def start(
    home: Home,
    logs: Paths = None,
    exports: Annotated[
        list[Path] | None,
        typer.Option("--from", help="An export, or a folder of exports; repeatable."),
    ] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option("--have", help="A product of your district, such as 'Jamf Pro'; repeatable."),
    ] = None,
    is_silent: Annotated[
        bool, typer.Option("--yes", help="Do not ask questions; accept no proposal.")
    ] = False,
    name: Annotated[str, typer.Option(help="Name of a new district in reports.")] = "",
    zone: Annotated[
        str, typer.Option(help="IANA time zone of a new district, such as America/Denver.")
    ] = "",
    settle_seconds: SettleSeconds = SETTLE_SECONDS,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Walk you from an empty home to the first report.

    Each step checks what already exists: stop at any time, and run it again. With
    --json it only shows which steps are done.
    """
    if as_json:
        with open_district(home) as district:
            facts = asdict(first_steps(district))
        print_facts(facts, as_json=True)
        return
    is_asking = not is_silent and sys.stdin.isatty()
    place = DistrictHome(home.resolve())
    if not place.settings_file.exists():
        made_home(place, Answers(name=name, zone=zone), is_asked=is_asking)
        typer.echo(f"District home: {place.path}")
        with open_district(home) as district:
            setting = district.settings.district
        typer.echo(
            safe(
                f"District: {setting.name}; its hours are those of {setting.zone}. A wrong time "
                "zone moves all duty hours: if it is wrong, correct it in district.toml now."
            )
        )
    _refuse_unknown(systems or ())
    found = _bring_all(home, logs or (), exports or (), systems or (), is_asking=is_asking)
    _step(4, "The first report")
    if not found.is_read:
        typer.echo("No recognized log yet. Add one, then run this again:")
        typer.echo(f"  schoolbell start --home {home} --logs FOLDER")
        raise typer.Exit(1)
    _run(home, settle_seconds, is_quiet=is_quiet)
    _step(5, "Suggestions from the logs")
    if _proposals(home, is_asking=is_asking):
        _run(home, settle_seconds, is_quiet=is_quiet)
    decide_private_kinds(home, is_asking=is_asking)
    _step(6, "What to do next")
    with open_district(home) as district:
        for line in _next(first_steps(district), home):
            typer.echo(safe(line))
        today = datetime.now(ZoneInfo(district.zone)).date()
        if sites := list_in_words(district.registry.frames, today):
            typer.echo(safe(f"  {sites}"))


def _bring_all(
    home: Path,
    logs: Sequence[Path],
    exports: Sequence[Path],
    systems: Sequence[str],
    *,
    is_asking: bool,
) -> FirstSteps:
    """Bring logs and exports, those given or asked for; how far the home has come."""
    _step(1, "Services that give their logs and lists")
    for line in _fetched(home):
        typer.echo(safe(line))
    _step(2, "Logs")
    with open_district(home) as district:
        bring(district.home, logs or (_asked_logs(district.home) if is_asking else ()))
        found = first_steps(district)
    for line in _logs(found):
        typer.echo(safe(line))
    _step(3, "Exports of your systems")
    if is_asking and not (systems or exports):
        systems = _asked_systems()
    given = exports or (_asked_exports(found, systems) if is_asking else ())
    with open_district(home) as district:
        for line in _set_up(district, given, is_asking=is_asking):
            typer.echo(safe_lines(line))
    with open_district(home) as district:
        found = first_steps(district)
    for line in _exports(found, systems):
        typer.echo(safe(line))
    return found


def _refuse_unknown(systems: Sequence[str]) -> None:
    for name in systems:
        if name not in SYSTEMS:
            guess = nearest(name, SYSTEMS)
            near = f" Did you mean {guess!r}?" if guess else ""
            raise SettingsError(
                f"{name!r} is not a known product",
                where="--have",
                remedy=f"It is one of: {'; '.join(SYSTEMS)}.{near}",
            )


def _asked_systems() -> list[str]:
    """Ask which products the district has; Enter means any."""
    names = list(SYSTEMS)
    for number, name in enumerate(names, 1):
        typer.echo(f"  {number:2} {name}")
    question = "Which of these does your district have? Numbers such as 2, 5, 9 (Enter: show all)"
    while answer := typer.prompt(question, "", show_default=False).strip():
        words = answer.replace(",", " ").split()
        if all(word.isdecimal() and 0 < int(word) <= len(names) for word in words):
            return [names[int(word) - 1] for word in words]
        typer.echo(f"{answer} is not a list of numbers from 1 to {len(names)}.")
    return []


def _step(number: int, title: str) -> None:
    typer.echo(f"\n{number}. {title}")


def bring(home: DistrictHome, paths: Sequence[Path]) -> None:
    """Copy logs that a format knows into a folder of their format."""
    for path in paths:
        if not path.exists():
            raise SettingsError("is not there", where=str(path), remedy="Name a file or a folder.")
        every = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in filter(Path.is_file, every):
            name = format_of(file)
            if not name:
                typer.echo(safe(f"{file}: unknown format; not copied"))
                continue
            into = _place(file, home.landing / name)
            if into.exists() and into.stat().st_size == file.stat().st_size:
                continue
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, into)
            typer.echo(safe(f"{file}: {name}, copied to landing/{name}/"))


def _place(file: Path, folder: Path) -> Path:
    """Return where to copy a log: its name, or a new one if another log has it.

    An existing file may be the beginning of the log: the copy was interrupted, or the log
    has grown since.
    """
    names = chain([file.name], (f"{number}-{file.name}" for number in count_from(2)))
    return next(
        into
        for into in map(folder.joinpath, names)
        if not into.exists() or _begins_with(file, into)
    )


def _begins_with(file: Path, other: Path) -> bool:
    """Return whether a file's first bytes are all the bytes of another."""
    with file.open("rb") as whole, other.open("rb") as part:
        return all(whole.read(len(some)) == some for some in iter(lambda: part.read(CHUNK), b""))


def _asked_logs(home: DistrictHome) -> list[Path]:
    landing = home.landing
    typer.echo(f"Put logs in {landing}/<source>/, one folder per source.")
    return _asked_paths("A log or a folder of logs to copy there (Enter: none)")


def _asked_exports(found: FirstSteps, systems: Sequence[str]) -> list[Path]:
    for line in _exports(found, systems):
        typer.echo(safe(line))
    return _asked_paths("Folder with your exports (Enter: continue without)")


def _asked_paths(question: str) -> list[Path]:
    while answer := typer.prompt(question, "", show_default=False).strip():
        if (path := Path(answer).expanduser()).exists():
            return [path]
        typer.echo(f"{answer} does not exist.")
    return []


def _logs(found: FirstSteps) -> Iterator[str]:
    for one in found.logs:
        many = count(one.files, "file")
        yield f"  landing/{one.source}: {many}, {one.format or one.note}"
    if not found.logs:
        yield "  landing/ is empty."
    yield from (f"  missing: {line}" for line in found.absent)


def _exports(found: FirstSteps, systems: Sequence[str]) -> Iterator[str]:
    """Yield what is missing and what it enables, then where it comes from in this district."""
    first = [one for one in found.missing if one.is_first]
    later = [one for one in found.missing if not one.is_first]
    if not first:
        yield "  You have every export that takes an hour or less."
    for one in first:
        yield f"  {one.file} is empty. It enables rules on: {_opens(one)}"
        yield f"    From: {_source(one, systems)}"
    if systems and first:
        yield "  Export from your systems, into one folder, then give it with --from:"
        yield from _ways(systems)
    for one in later[:LATER]:
        yield f"  Later, {one.file}: {one.how}; it enables rules on {_opens(one)}"


def _source(one: MissingExport, systems: Sequence[str]) -> str:
    """Return which of the district's products fill a file; of all, if none is named."""
    fitting = [
        name
        for name in systems or SYSTEMS
        if any(export.into == one.file for export in exports_of([name]))
    ]
    other = one.how if one.file in HOW else "the first run, whose logs propose rows"
    return "; ".join(fitting) or other


def _ways(systems: Sequence[str]) -> Iterator[str]:
    for name in systems:
        for how in dict.fromkeys(export.how for export in exports_of([name])):
            yield f"    {name}: {how}"


def _opens(one: MissingExport) -> str:
    return one.subjects or one.disables


def _fetched(home: Path) -> Iterator[str]:
    """Fetch what the services of the settings give; name those that could give something."""
    with open_outlined(home) as district, only_writer(district.home):
        parts = district.home, district.settings, district.store
        yield from (log.line for log in fetch(*parts))
        yield from (one.line for one in fetch_lists(*parts, is_forced=True))
        if not district.settings.fetch:
            products = ", ".join(sorted(one.product for one in services().values()))
            yield f"None is configured. Schoolbell can ask {products}: docs/how-to/fetch-logs.md"


def _set_up(district: District, paths: Sequence[Path], *, is_asking: bool) -> Iterator[str]:
    """Read exports and fetched lists into the registry; ask first where a person can answer."""
    paths = [*paths, *(path for _, path in fetched_files(district.home, district.settings))]
    if not paths:
        return
    plan = plan_of(district, paths)
    planned = list(outline(plan))
    yield from planned
    if plan.is_empty:
        yield "Nothing new."
    elif not is_asking or typer.confirm("Write this?", default=True):
        actor = str(who_asks(district.home, district.settings))
        with only_writer(district.home):
            names = ", ".join(path.name for path in paths)
            done = list(write(district.store, district.home, plan, actor, names))
            note_waiting(district.store, 0)
        already = {line.strip() for line in planned}
        yield from (line for line in done if line.strip() not in already)
        yield "Delete the exports: they contain names. The home keeps what later lists complete."


def _run(home: Path, settle_seconds: float, *, is_quiet: bool) -> None:
    with watching(console(is_quiet=is_quiet)) as watchers:
        done = run(home, watchers=watchers, settle_seconds=settle_seconds)
    for gap in done.failures:
        typer.echo(safe_lines(str(gap)), err=True)


def _proposals(home: Path, *, is_asking: bool) -> bool:
    """Show each group, and accept those that the person wants; return whether any."""
    is_any = False
    with open_context(home, "replay") as context:
        found = groups(offered(context))
        for group in found:
            typer.echo(safe(f"  {group.topic}: {group.title}"))
            if is_asking and group.offers and context.asker.may("sites"):
                is_any |= _accepted(context, group)
    if not found:
        typer.echo("  Nothing new for the registry.")
    elif not is_asking:
        typer.echo("  schoolbell propose shows them; --accept GROUP --reason WHY")
    return is_any


def _accepted(context: ActionContext, group: Group) -> bool:
    for offer in group.offers[:3]:
        cells = ", ".join(filter(None, offer.proposals[0].cells.values()))
        typer.echo(safe(f"    {cells}: {offer.reason}"))
    why = typer.prompt("    Reason for accepting (Enter: skip this group)", "", show_default=False)
    if not why.strip():
        return False
    try:
        for said in accept_group(context, group, why):
            typer.echo(safe(f"    {said}"))
    except SettingsError as error:
        typer.echo(safe_lines(f"    {error}"), err=True)
        return False
    return True


def _next(found: FirstSteps, home: Path) -> Iterator[str]:
    yield f"  Report: {found.report or 'none yet; the logs do not cover a whole week'}"
    yield f"  {capital(found.judged.line)}"
    if lacking := [one.file for one in found.missing if one.is_first]:
        yield f"  schoolbell start --home {home} --from FOLDER: exports for {', '.join(lacking)}"
    yield f"  schoolbell propose --home {home}: review what the logs suggest"
    yield f"  schoolbell desk --home {home}: review cases in a browser"
    yield f"  schoolbell run --home {home}: every night, from cron"
