"""Two weeks of one district, for questions about hours: what arrived, and what did not.

In the first week the logs learn their usual hours. On each day of the second, the account avega of
the high school is used at the elementary school, except on Friday; on each another log, clock or
list lacks something.
"""

from datetime import date
from pathlib import Path

from pipelines.registry.new_home import create
from pipelines.settings.home import DistrictHome
from tests.journey.small import judged
from tests.scenarios import places
from tests.scenarios.story import WORK, Story

FIRST = date(2026, 3, 2)
RECEIVED, SILENT, CLOCK, UNLISTED, NO_LINE = (date(2026, 3, day) for day in range(9, 14))
"""Days of the second week, by what is missing on them."""
AHEAD = 420
"""Seconds by which the firewall is ahead of the proxy on the day of the clock."""
MEETINGS = 25
HOSTILE = "<script>alert(1)</script>"
NEVER_CAME = """
[sources.radius]
format = "freeradius"
"""
"""A log that the district expects."""


def made(home: Path) -> Path:
    """Return a home with these two weeks, read and judged."""
    create(home, zone=places.ZONE, account_domains=("EXAMPLE", "school.example"))
    for name, text in places.registry(FIRST, {}).items():
        (home / "registry" / name).write_text(text, encoding="utf-8")
    with (home / "district.toml").open("a") as file:
        file.write(NEVER_CAME)
    landing = DistrictHome(home).landing
    for source, lines in both_weeks().lines.items():
        ordered = [line for _, line in sorted(lines, key=lambda one: one[0])]
        folder = landing / source
        folder.mkdir(parents=True)
        (folder / "weeks.log").write_text("".join(f"{line}\n" for line in ordered))
    judged(home, settle_seconds=0)
    return home


def both_weeks() -> Story:
    """Return the lines of both weeks."""
    story = Story(FIRST)
    for offset in (*range(5), *range(7, 12)):
        _ordinary_day(story, f"+{offset}", is_silent=_day(offset) == SILENT)
    for offset in range(7, 11):
        _across_town(story, f"+{offset}")
    _clock(story, "+9")
    _unlisted_network(story, "+10")
    story.logon_refused("gnova", "hs-room-5", "+11 10:00")
    return story


def _day(offset: int) -> date:
    return date.fromordinal(FIRST.toordinal() + offset)


def _ordinary_day(story: Story, day: str, *, is_silent: bool) -> None:
    """Two colleagues work all day; on the silent day the proxy writes nothing for 90 minutes."""
    story.lease("es-room-1", f"{day} 06:30")
    for account, device in (("bsun", "hs-bsun"), ("cpark", "es-cpark")):
        story.lease(device, f"{day} 06:30")
        story.logon(account, device, f"{day} 07:40")
        if is_silent:
            story.surf(account, device, f"{day} 07:45", WORK, minutes=135, every=60)
            story.surf(account, device, f"{day} 11:30", WORK, minutes=240, every=60)
        else:
            story.surf(account, device, f"{day} 07:45", WORK, minutes=465, every=60)
        story.logoff(account, device, f"{day} 15:40")


def _across_town(story: Story, day: str) -> None:
    """The account works at the elementary school, at a computer of several teachers."""
    story.logon("avega", "es-room-1", f"{day} 09:00")
    story.surf("avega", "es-room-1", f"{day} 09:00:20", WORK, minutes=30, every=45)
    story.logoff("avega", "es-room-1", f"{day} 09:40")
    story.logon("cpark", "es-room-1", f"{day} 12:00")
    story.surf("cpark", "es-room-1", f"{day} 12:00:20", WORK, minutes=12, every=45)
    story.logoff("cpark", "es-room-1", f"{day} 12:20")


def _clock(story: Story, day: str) -> None:
    """The firewall writes the same requests, seven minutes later by its clock."""
    for number in range(MEETINGS):
        when, host = story.at(f"{day} 13:00", number * 97), f"h{number}.example"
        story.browse("bsun", "hs-bsun", when, host)
        story.flow("hs-bsun", story.at(f"{day} 13:00", number * 97 + AHEAD), host, seconds=1)
    story.surf("fito", "hs-fito", f"{day} 14:10", WORK, minutes=10, every=60)


def _unlisted_network(story: Story, day: str) -> None:
    """A laptop without a login requests pages from a network that no list has."""
    story.lease("private-phone", f"{day} 09:50", ip="10.77.0.5")
    story.surf("-", "private-phone", f"{day} 10:00", WORK, minutes=20, every=60)
    # a sign-in whose name is markup
    story.logon(HOSTILE, "hs-room-5", f"{day} 10:30")
