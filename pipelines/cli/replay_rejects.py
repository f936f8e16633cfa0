"""The command that reads rejected lines again."""

from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home
from pipelines.cli.output import print_facts
from pipelines.district import only_writer, open_district
from pipelines.errors import SettingsError
from pipelines.ingest.parser import readers
from pipelines.ingest.replay import Replay, ReplayResult


def replay_rejects(
    home: Home,
    only: Annotated[
        str | None, typer.Option("--format", help="Only rejects of this format.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Parse rejected lines again, after a fix.

    Use it after a format was improved.
    """
    known = readers()
    if only is not None and only not in known:
        raise SettingsError(
            f"there is no format {only!r}",
            where="--format",
            remedy="Formats: " + ", ".join(sorted(known)),
        )
    with open_district(home) as district, only_writer(district.home):
        for source in district.sources():
            replay = Replay(
                store=district.store,
                lake=district.home.lake,
                zone=district.zone,
                source=source.name,
                source_zone=source.zone,
                options=source.options,
            )
            for name in [only] if only else sorted(known):
                done = replay.rejects_of(known[name])
                if done.lines:
                    _tell_replay(source.name, name, done, as_json=as_json)


def _tell_replay(source: str, name: str, done: ReplayResult, *, as_json: bool) -> None:
    counts = {"lines": done.lines, "events": done.events, "rejects": done.rejects}
    print_facts(
        {"source": source, "format": name, **counts},
        f"{source}: {name}: {done.lines} lines reread, {done.events} became events, "
        f"{done.rejects} are still rejected",
        as_json=as_json,
    )
