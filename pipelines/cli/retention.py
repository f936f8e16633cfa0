"""Commands that delete what the district no longer keeps, and hold what it must."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.asking import Desk, desk
from pipelines.cli.options import AsJson, Home, Quiet
from pipelines.cli.telling import tell
from pipelines.district import only_writer, open_district
from pipelines.errors import BusyError, SchoolbellError
from pipelines.operations.purge import Purge, carry_out, certified, finish_purge, plan
from pipelines.operations.record_classes import Plan
from pipelines.run.console import console, safe_lines, watching
from pipelines.settings.record_classes import RECORD_CLASSES
from pipelines.state.audit import Act, open_chain
from pipelines.state.database import now_text
from pipelines.state.retention import (
    Hold,
    HoldError,
    begun,
    holds,
    new_hold_id,
    place_hold,
    release_hold,
)

app = typer.Typer(help="Days of which nothing may be deleted.", no_args_is_help=True)
Why = Annotated[str, typer.Option("--reason", help="Why; it is noted for good.")]
PLURALS = {one.name: one.plural for one in RECORD_CLASSES}


def purge(
    home: Home,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it stands in the certificate.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Delete what `[retention]` of the settings says is over; held days stay.

    Nothing can be brought back but from a backup. A certificate says what went.
    """
    with desk(home, "purge") as opened:
        now = datetime.now(UTC)
        if dry_run:
            _tell(plan(opened.district, now), as_json=as_json)
            return
        with only_writer(opened.district.home):
            found = plan(opened.district, now)
            if not as_json:
                _tell(found, as_json=False)
            if found.is_empty:
                finish_purge(opened.district, opened.chain, now)
                if as_json:
                    typer.echo(json.dumps(_shown(found) | {"certificate": None}))
                return
            _confirm(reason, is_sure=yes)
            done = Purge(found, str(opened.asker), reason, now)
            screen = console(is_quiet=is_quiet or as_json)
            with _stoppable(), watching(screen) as watchers:
                carry_out(opened.district, done, opened.chain, watchers.building)
                path = certified(opened.district, done, opened.chain)
    if as_json:
        typer.echo(json.dumps(_shown(found) | {"certificate": str(path)}))
    else:
        typer.echo(f"Certificate: {path}")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Whoever stops a purge by hand is told that it goes on by itself."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. What was deleted stays deleted, and the next run deletes the "
            "rest.\n  To keep the rest: raise the days in [retention] of "
            "district.toml, or place a hold, before that run.",
            err=True,
        )
        raise


def _confirm(reason: str, *, is_sure: bool) -> None:
    if not reason.strip():
        raise SchoolbellError(
            "a reason is needed",
            where="purge",
            remedy='Say why: --reason "schedule 805.2"; or only look: --dry-run.',
        )
    if not is_sure:
        typer.confirm("Delete all of this for good?", abort=True)


def _tell(found: Plan, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_shown(found)))
        return
    if found.unfinished:
        typer.echo(_begun(found))
    if not found.before:
        typer.echo("The district set no retention: [retention] of district.toml.")
    for name, first in found.before.items():
        going, held = found.things[name], found.held[name]
        rows = sum(one.row_count for one in going)
        line = f"{PLURALS[name]} before {first}: {len(going):,} go"
        line += f" ({rows:,} rows)" if rows else ""
        typer.echo(line + (f", {len(held):,} stay for a hold" if held else ""))
    for one in found.holds:
        typer.echo(safe_lines(f"hold {_line(one)}"))


def _begun(found: Plan) -> str:
    """What a purge that was cut off leaves to do."""
    said = f"A purge that was cut off had deleted {len(found.unfinished):,} things"
    if any(found.things.values()):
        return f"{said}: they come into this certificate too."
    return f"{said}. Nothing else is over: it is only finished and certified."


def finish_interrupted(path: Path, *, is_quiet: bool) -> bool:
    """Finish a purge that was cut off, if there is one; False: it could not be.

    What is wrong is told, and stops nothing else.
    """
    with open_district(path) as district:
        if begun(district.store) is None:
            return True
        typer.echo("A purge was cut off; it is finished first.", err=True)
        chain = open_chain(district.store, district.home)
        try:
            with (
                only_writer(district.home),
                watching(console(is_quiet=is_quiet)) as watchers,
            ):
                now = datetime.now(UTC)
                made = finish_purge(district, chain, now, watchers.building)
        except BusyError:
            raise
        except (SchoolbellError, OSError) as error:
            typer.echo(safe_lines(f"The purge is not finished: {error}"), err=True)
            return False
    if made:
        typer.echo(f"Certificate: {made}", err=True)
    return True


def _shown(found: Plan) -> dict[str, Any]:
    return {
        "kept_from": {name: str(day) for name, day in found.before.items()},
        "going": {name: len(ones) for name, ones in found.things.items()},
        "held": {name: len(ones) for name, ones in found.held.items()},
        "holds": [one.hold_id for one in found.holds],
        "unfinished": len(found.unfinished),
    }


@app.command("add")
def add(
    home: Home,
    reason: Why,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", help="The week of this case.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep everything of some days, whatever the retention says."""
    with desk(home, "hold") as opened:
        begin, end = _days(opened, first, last, case)
        hold = Hold(
            hold_id=new_hold_id(),
            first_day=begin,
            last_day=end,
            reason=reason,
            actor=str(opened.asker),
            time=now_text(),
            case_id=case,
        )
        act = Act(
            actor=hold.actor,
            action="hold",
            subject=f"{hold.hold_id} {begin}/{end}",
            reason=reason,
            case=case or "",
        )
        with opened.chain.recording(act) as connection:
            place_hold(connection, hold)
    tell(hold.__dict__, f"hold {_line(hold)}", as_json=as_json)


def _days(
    opened: Desk, first: datetime | None, last: datetime | None, case: str | None
) -> tuple[date, date]:
    if case is None and first and last:
        return first.date(), last.date()
    found = [one for one in opened.cases if one.case_id == case]
    if case is None or first or last or not found:
        raise HoldError(
            f"there is no case {case!r}" if case else "no days are named",
            where="hold add",
            remedy="Give --from DAY and --to DAY, or --case and an id that "
            "`schoolbell findings cases` lists.",
        )
    start = date.fromisocalendar(int(found[0].week[:4]), int(found[0].week[-2:]), 1)
    return start, start + timedelta(days=6)


@app.command("list")
def list_holds(home: Home, as_json: AsJson = False) -> None:
    """Every hold, the released ones too."""
    with desk(home, "hold") as opened:
        found = holds(opened.district.store)
    for one in found:
        if as_json:
            typer.echo(json.dumps(one.__dict__, default=str))
        else:
            typer.echo(safe_lines(_line(one)))
    if not found and not as_json:
        typer.echo("Nothing is held.")


@app.command("release")
def release(
    home: Home,
    hold_id: Annotated[str, typer.Argument(help="As `hold list` shows it.")],
    reason: Why,
    as_json: AsJson = False,
) -> None:
    """End a hold; what it kept goes with the next purge."""
    with desk(home, "hold") as opened:
        actor = str(opened.asker)
        act = Act(actor=actor, action="release", subject=hold_id, reason=reason)
        with opened.chain.recording(act) as connection:
            release_hold(connection, hold_id, actor, reason)
    facts = {"hold_id": hold_id, "released_by": actor}
    tell(facts, f"{hold_id} is released.", as_json=as_json)


def _line(one: Hold) -> str:
    case = f", case {one.case_id}" if one.case_id else ""
    days = f"{one.first_day} to {one.last_day}"
    line = f"{one.hold_id}: {days}{case}, by {one.actor}: {one.reason}"
    if one.released_time:
        line += f"; released {one.released_time[:10]}: {one.release_reason}"
    return line
