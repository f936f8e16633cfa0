"""The command that creates a demo district, from logs to a report.

It takes the path of any district: make a home, put registry and logs into it, run.
Only the truth at the end is the demo's own. A second run finds the same files and
adds nothing.
"""

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from pipelines.cli.console import account_table, console, table, watching
from pipelines.cli.options import AsJson
from pipelines.cli.output import print_facts
from pipelines.registry.new_home import create
from pipelines.run.run import result_lines, run
from pipelines.synthetic.generate import ACCOUNT_DOMAINS, DISTRICT_NAME, generate
from pipelines.synthetic.habits import WORLDS
from pipelines.synthetic.school_days import ZONE, weeks_until
from pipelines.synthetic.scored_district import Scored, score, set_up
from pipelines.synthetic.truth import Truth


def demo(
    home: Annotated[Path, typer.Option(help="Folder for the demo district's home.")] = Path(
        "demo-district"
    ),
    world: Annotated[
        str, typer.Option(help="Devices of its schools: " + ", ".join(WORLDS) + ".")
    ] = next(iter(WORLDS)),
    people: Annotated[int, typer.Option(help="Size of the roster.", min=60)] = 240,
    weeks: Annotated[int, typer.Option(help="School weeks of logs.", min=1)] = 4,
    seed: Annotated[
        int,
        typer.Option(help=("Seed of the random numbers; another seed gives other logs."), min=0),
    ] = 2026,
    as_json: AsJson = False,
) -> None:
    """Create a demo district, from logs to a report."""
    if world not in WORLDS:
        raise typer.BadParameter(f"one of: {', '.join(WORLDS)}", param_hint="--world")
    home = home.resolve()
    screen = console()
    if not (home / "truth" / "planted.csv").is_file():
        # its newest week is the last whole one, as in a district that runs every night
        later = weeks_until(datetime.now(ZoneInfo(ZONE)).date(), weeks)
        write = partial(
            generate,
            home,
            seed,
            people=people,
            weeks=weeks,
            habits=WORLDS[world],
            later=later,
        )
        _make(home, write)
    with watching(screen, _landed(home)) as watchers:
        # its files are complete: no program writes them any more
        done = run(home, settle_seconds=0, watchers=watchers)
    screen.print(account_table(done.account))
    scored = score(home)
    report = home / "reports" / "index.html"
    columns, rows = ["rule", "planted", "found", "findings", "true", "note"], scored.by_rule()
    screen.print(table("Findings against planted truth", columns, [list(row) for row in rows]))
    facts = {
        "home": str(home),
        "report": str(report),
        "rules": [dict(zip(columns, row, strict=True)) for row in rows],
    }
    lines = (
        *result_lines(done),
        *_judged(scored),
        f"Report, to open in a browser: {report}",
        f"Review desk, to decide cases: schoolbell desk --home {home}",
    )
    print_facts(facts, *lines, as_json=as_json)


def _make(home: Path, write: Callable[[], Truth]) -> None:
    """Create the home and its settings, then registry, logs and truth."""
    began = time.monotonic()
    create(home, name=DISTRICT_NAME, account_domains=ACCOUNT_DOMAINS)
    truth = write()
    set_up(home)
    seconds = time.monotonic() - began
    console().print(
        f"{DISTRICT_NAME}: {truth.people} people, {truth.weeks} school weeks, "
        f"{sum(truth.lines.values()):,} log lines written in {seconds:.1f} s."
    )


def _landed(home: Path) -> int:
    landing = home / "landing"
    return sum(file.stat().st_size for file in landing.rglob("*") if file.is_file())


def _judged(scored: Scored) -> list[str]:
    return [
        f"Findings without a planted cause: {scored.false().height}.",
        *(
            f"Missed: {row['case_id']} {row['expected_rule']} {row['note']}"
            for row in scored.missed().iter_rows(named=True)
        ),
    ]
