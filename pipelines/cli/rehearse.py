"""The command that plays a school year through the alerts."""

import sys
from typing import Annotated, Any

import typer

from pipelines.cli.options import AsJson, Quiet
from pipelines.cli.telling import tell
from pipelines.run.console import console, table
from pipelines.synthetic.rehearsal.summary import Count
from pipelines.synthetic.rehearsal.summary import rehearse as play_a_year

READER_COLUMNS = (
    "reader", "messages", "a week", "most a week", "most a day", "lists in quiet hours",
)  # fmt: skip


def rehearse(
    weeks: Annotated[
        int, typer.Option(help="School weeks, from August on.", min=1, max=44)
    ] = 44,
    seed: Annotated[int, typer.Option(help="Another number, another year.")] = 2026,
    silences: Annotated[
        int, typer.Option(help="Planted at each source, and in buildings.", min=0)
    ] = 3,
    is_quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Play a made-up school year through the alerts: who is told how often.

    Nothing is read from a home, and nothing is sent. Exit code 1 where a silence was
    missed or late, an alarm was false, a message was lost, or a budget broken.
    """
    screen = console(is_quiet=is_quiet)
    with screen.status("playing, hour by hour"):
        found = play_a_year(weeks=weeks, seed=seed, silences=silences)
    rows = [
        [one.name, one.messages, one.a_week, one.most_a_week, one.most_a_day,
         one.in_quiet_hours]
        for one in found.readers
    ]  # fmt: skip
    screen.print(table("Messages to each reader", READER_COLUMNS, rows))
    facts = {name.replace(",", "").replace(" ", "_"): value for name, value in
             _parts(found).items()}  # fmt: skip
    facts["readers"] = [dict(zip(READER_COLUMNS, row, strict=True)) for row in rows]
    lines = [f"{name}: {number}" for name, number in _parts(found).items()]
    tell(facts, *lines, *_untold(found), as_json=as_json)
    sys.exit(0 if found.is_well else 1)


def _untold(found: Count) -> list[str]:
    """Each silence that was not told, and whether it could have been."""
    return [
        f"not told: {one.planted.source} {one.planted.building or 'everywhere'}, "
        f"{one.planted.hours} hours in which some {one.missing_lines} lines come"
        f" ({'too few to know' if one.is_short else 'missed'})"
        for one in found.silences
        if one.delay_hours is None
    ]


def _parts(found: Count) -> dict[str, Any]:
    short = sum(one.is_short and one.delay_hours is None for one in found.silences)
    told = [one.delay_hours for one in found.silences if one.delay_hours is not None]
    return {
        "silences planted": len(found.silences),
        "told": len(told),
        "missed": len(found.missed),
        "late": len(found.late),
        "too short to be known": short,
        "told within the first hour": sum(one <= 1 for one in told),
        "slowest, hours": round(max(told, default=0)),
        "false alarms": found.false_alarms,
        "false alarms on closed days": found.on_closed_days,
        "senders that died": found.deaths,
        "receivers that were away": found.refusals,
        "messages that came again, with the same key": found.repeated,
        "of these, without saying that they may be a repeat": found.unmarked,
        "messages that wait": found.waiting,
        "messages that were lost": found.lost,
        "facts told again within a week though no worse": found.too_soon,
    }
