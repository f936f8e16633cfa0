"""Asks the warehouse and the lake about one notice, and notes that it was asked."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.findings.notices.account import attributed
from pipelines.findings.notices.address import held, translated
from pipelines.findings.notices.case import Answer, Asked, Because, Case
from pipelines.privacy.editions import Pseudonyms, pseudonyms
from pipelines.state import ledger
from pipelines.state.audit import Act, open_chain
from pipelines.warehouse import inputs
from pipelines.warehouse.snapshots import looking

ACTION = "who"
"""What the audit chain calls such a question."""
CLOCKS_DIFFER = 5
"""Seconds by which two clocks may differ."""


def resolve(district: District, asked: Asked, because: Because) -> Answer:
    """The chain from an address to an account, as far as the logs carry it.

    The question is in the audit chain before the answer is in anybody's hands.

    Raises:
        ModelError: Nothing was built yet.
        BusyError: A run is at work.
        AuditError: It can not be noted; there is no answer then.
    """
    day = asked.time.astimezone(ZoneInfo(district.zone)).date()
    names = pseudonyms(district, day)
    answer = _resolved(district, asked, day, names)
    act = Act(
        actor=because.actor,
        action=ACTION,
        subject=_subject(asked, answer, names),
        reason=because.reason,
        case=because.case,
    )
    with open_chain(district.store, district.home).recording(act):
        return answer


def _subject(asked: Asked, answer: Answer, names: Pseudonyms) -> str:
    """Which address at which moment, and to whom it led; pseudonyms only."""
    address = names.names("address", [asked.address])[asked.address]
    port = "" if asked.port is None else f":{asked.port}"
    moment = asked.time.isoformat(timespec="seconds")
    led_to = answer.account or answer.device or "nobody"
    return f"{address}{port} at {moment}: {led_to}"


def _resolved(district: District, asked: Asked, day: date, names: Pseudonyms) -> Answer:
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
