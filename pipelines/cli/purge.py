"""Commands that delete what the district no longer keeps, and hold what it must."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.actions.kept_evidence import line_of
from pipelines.cli.console import console, watching
from pipelines.cli.options import AsJson, Home, Quiet, open_context
from pipelines.cli.output import print_facts
from pipelines.district import only_writer
from pipelines.errors import SchoolbellError
from pipelines.operations.purge import Purge, carry_out, certified, finish_purge, plan
from pipelines.operations.record_deletion import Plan
from pipelines.settings.record_classes import RECORD_CLASSES

PLURALS = {one.name: one.plural for one in RECORD_CLASSES}


def purge(
    home: Home,
    reason: Annotated[str, typer.Option("--reason", help="Why; printed in the certificate.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: AsJson = False,
    is_quiet: Quiet = False,
) -> None:
    """Delete records past their retention period. Days under legal hold are kept.

    Deleted records can only be restored from a backup. A certificate lists them.
    """
    with open_context(home, "purge") as context:
        now = datetime.now(UTC)
        if dry_run:
            found = plan(context.district, now)
            print_facts(_shown(found), *_lines(found), as_json=as_json)
            return
        with only_writer(context.district.home):
            found = plan(context.district, now)
            if not as_json:
                print_facts({}, *_lines(found), as_json=False)
            if found.is_empty:
                finish_purge(context.district, context.chain, now)
                if as_json:
                    print_facts(_shown(found) | {"certificate": None}, as_json=True)
                return
            _confirm(reason, is_sure=yes)
            done = Purge(found, str(context.asker), reason, now)
            screen = console(is_quiet=is_quiet or as_json)
            with _stoppable(), watching(screen) as watchers:
                carry_out(context.district, done, context.chain, watchers.building)
                path = certified(
                    context.district.home,
                    context.district.store,
                    context.district.settings,
                    done,
                    context.chain,
                )
    print_facts(_shown(found) | {"certificate": str(path)}, f"Certificate: {path}", as_json=as_json)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Print, for a user who stops a purge, that it continues automatically."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            "Stopped. Deleted data stays deleted, and the next run deletes the rest.\n  To keep "
            "the rest: raise the days in [retention] of district.toml, or place a hold before "
            "that run.",
            err=True,
        )
        raise


def _confirm(reason: str, *, is_sure: bool) -> None:
    if not reason.strip():
        raise SchoolbellError(
            "a reason is needed",
            where="purge",
            remedy='Give one: --reason "schedule 805.2"; or only preview: --dry-run.',
        )
    if not is_sure:
        typer.confirm("Permanently delete all of this?", abort=True)


def _lines(found: Plan) -> Iterator[str]:
    if found.unfinished:
        yield _begun(found)
    if not found.before:
        yield "No retention is set: see [retention] in district.toml."
    for name, first in found.before.items():
        going, held = found.things[name], found.held[name]
        rows = sum(one.row_count for one in going)
        line = f"{PLURALS[name]} before {first}: {len(going):,} to delete"
        line += f" ({rows:,} rows)" if rows else ""
        yield line + (f", {len(held):,} kept under a legal hold" if held else "")
    for hold in found.holds:
        yield f"hold {line_of(hold)}"


def _begun(found: Plan) -> str:
    """Describe the rest of an interrupted purge."""
    said = f"An interrupted purge had deleted {len(found.unfinished):,} items"
    if any(found.things.values()):
        return f"{said}: they are included in this certificate."
    return f"{said}. Nothing else has expired; this run only finishes and certifies the purge."


def _shown(found: Plan) -> dict[str, object]:
    return {
        "kept_from": {name: str(day) for name, day in found.before.items()},
        "going": {name: len(ones) for name, ones in found.things.items()},
        "held": {name: len(ones) for name, ones in found.held.items()},
        "holds": [hold.hold_id for hold in found.holds],
        "unfinished": len(found.unfinished),
    }
