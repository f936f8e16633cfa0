"""Plays a made-up school year through the alerts: who hears of what, how often.

    python -m tests.benchmarks.alert_year [--weeks 44] [--seed 2026] [--silences 3]

Nothing is read from a home, and nothing is sent.
"""

import argparse
from typing import Any

from pipelines.cli.console import console, table
from tests.benchmarks.alert_year.year_summary import Count, rehearse

READER_COLUMNS = (
    "reader", "messages", "a week", "most a week", "most a day", "lists in quiet hours",
)  # fmt: skip


def main() -> None:
    """Play the year and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=44, help="from August on")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--silences", type=int, default=3, help="planted at each source")
    found = rehearse(**vars(parser.parse_args()))
    rows = [
        [one.name, one.messages, one.a_week, one.most_a_week, one.most_a_day, one.in_quiet_hours]
        for one in found.readers
    ]
    console().print(table("Messages to each reader", READER_COLUMNS, rows))
    for name, number in _parts(found).items():
        print(f"{name}: {number}")
    for line in _untold(found):
        print(line)


def _untold(found: Count) -> list[str]:
    """Return each silence that was not reported, and whether it could have been."""
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


if __name__ == "__main__":
    main()
