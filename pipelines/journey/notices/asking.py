"""Asks the warehouse and the lake about one notice."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from pipelines.journey.district import District
from pipelines.journey.editions import pseudonyms
from pipelines.journey.notices.account import attributed
from pipelines.journey.notices.address import held, translated
from pipelines.journey.notices.case import Answer, Asked, Case
from pipelines.state import ledger
from pipelines.warehouse import inputs
from pipelines.warehouse.lookup import looking

CLOCKS_DIFFER = 5
"""Seconds by which two clocks may differ."""


def resolve(district: District, asked: Asked) -> Answer:
    """The chain from an address to an account, as far as the logs carry it.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is at work.
    """
    day = asked.time.astimezone(ZoneInfo(district.zone)).date()
    answer = Answer()
    listed = inputs.lake_files(district.store, district.home.lake)
    if day not in set(listed.days()):
        answer.gaps.append(f"no log line of {day.isoformat()} was taken in")
        return answer
    with looking(district.home.warehouse) as database:
        inputs.show_raw(
            database, listed, ("connections",), (day - timedelta(days=1), day)
        )
        values = {"time": asked.time, "day": day, "seconds": CLOCKS_DIFFER}
        names = pseudonyms(district.store, district.home.key_file, day)
        _answered(Case(database, asked, values, names, _files(district), answer))
    return answer


def _files(district: District) -> dict[int, str]:
    return {
        one.file_id: f"{one.source}/{one.path}"
        for one in ledger.source_files(district.store)
    }


def _answered(case: Case) -> None:
    inside, flow = translated(case)
    if inside is None:
        return
    device = held(case, inside)
    attributed(case, inside, device, flow)
