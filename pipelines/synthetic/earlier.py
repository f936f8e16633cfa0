"""The weeks before the first week: a directory's log alone, so that long silences show.

Everyone signs in on most school days, and so do the accounts without an owner in the
registry; except those that a scene keeps silent. Nothing else of these weeks was
kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Plan, Sitting
from pipelines.synthetic.school_days import FIRST_DAY, MINUTE, make_days
from pipelines.synthetic.world import World

MIN_DAYS = 3
"""School days per week on which a person signs in."""
SCHOOLS = ("HS", "MS", "ES")


def earlier_world(world: World, weeks: int) -> World:
    """Return the same district, a number of weeks before its first day."""
    first = FIRST_DAY - timedelta(weeks=weeks)
    return replace(world, days=make_days(weeks, first, world.later))


def earlier_plan(before: World, plan: Plan) -> Plan:
    """Return who signs in, and where.

    Args:
        before: The district in those weeks.
        plan: Of the weeks that follow: its accounts, and those that were silent before.
    """
    rng = before.random("earlier")
    made = Plan(sittings=[*plan.earlier])
    silent = set(plan.silent)
    seats = [(name, seat) for name, seat in _seats(before, plan) if name not in silent]
    for monday in range(0, len(before.days), 7):
        week = before.days[monday : monday + 7]
        school = [day for day in week if day.has_school]
        for place, (account, device) in enumerate(seats):
            count = rng.randint(MIN_DAYS, len(school))
            for day in rng.sample(school, count):
                start = day.at("08:00", place % 7 * 60 + rng.randint(0, 40))
                if _is_valid(plan, account, day.date):
                    made.sittings.append(let_in(account, device, start))
    return made


def let_in(account: str, device: Device, start: int) -> Sitting:
    """Return nine minutes from a logon to a logoff, without requests."""
    end = start + 9 * MINUTE
    network = device.network
    return Sitting(-1, account, device.number, network, start, end, "logon", "logoff")


def _seats(before: World, plan: Plan) -> Iterator[tuple[str, Device]]:
    """Yield each account with a computer that it has a right to."""
    places = before.places
    for person in before.roster.people:
        own = places.of(person, "desktop") or places.of(person, "laptop")
        yield person.username, own or _shared(before, person.building)
    for row in plan.rows.get("accounts.csv", ()):
        yield row["username"], _shared(before, row.get("used_in", "").split("|")[0])


def _shared(before: World, building: str) -> Device:
    school = building if building in SCHOOLS else "HS"
    return before.places.pool(school, "workroom")[0]


def _is_valid(plan: Plan, account: str, day: date) -> bool:
    rows: list[Mapping[str, str]] = [
        row for row in plan.rows.get("accounts.csv", ()) if row["username"] == account
    ]
    text = day.isoformat()
    return all(row.get("valid_from", "") <= text <= (row.get("valid_to") or "9") for row in rows)
