"""Stage directions for accounts that are silent for weeks."""

from pipelines.synthetic.days import Day
from pipelines.synthetic.earlier import let_in
from pipelines.synthetic.places import Device
from pipelines.synthetic.planted.ownerless import write_documents
from pipelines.synthetic.planted.stage import NotCastError, Span, Stage, minutes


def last_used(stage: Stage, least: int, most: int) -> tuple[Day, Day]:
    """A day of school and one so many days earlier, before the first day.

    Raises:
        NotCastError: No log was kept of days so early.
    """
    day = stage.day(after=1)
    fits = [
        one
        for one in stage.earlier
        if one.has_school and least <= (day.date - one.date).days <= most
    ]
    if not fits:
        raise NotCastError
    return day, stage.choice(fits)


def used_again(
    stage: Stage, account: str, before: Day, day: Day
) -> tuple[Span, Device]:
    """An account without an owner, used on a day before and again on this one."""
    stage.plan.say("accounts.csv", username=account, account_type="person",
                   approved_shared="no", valid_from="2025-08-01")  # fmt: skip
    span = minutes(stage.moment(day), 14)
    device = stage.spare("MS", "workroom", span)
    seen_before(stage, account, device, before)
    write_documents(stage, account, device, span)
    return span, device


def seen_before(stage: Stage, account: str, device: Device, before: Day) -> None:
    """On a day before the first one, and on no other of those."""
    start = before.at("10:00", stage.rng.randint(0, 90))
    stage.plan.silent.append(account)
    stage.plan.earlier.append(let_in(account, device, start))
