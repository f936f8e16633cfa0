"""From an address inside and its device to an account, with a grade."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.findings.notices.case import Case, Link

NOT_PERSONS = ("service", "device")

_CLAIMS = """
select
    seen.account, seen.witness, seen.start_time, seen.end_time, seen.event_id,
    accounts.person_id, coalesce(accounts.account_type, 'person') as account_type,
    coalesce(accounts.approved_shared, false) as is_shared
from built.identity.account_addresses as seen
left join built.identity.accounts as accounts
    on seen.account = accounts.account and accounts.event_date = $day
where
    seen.event_date = $day and seen.ip = $ip
    and $time between seen.start_time and seen.end_time
order by seen.witness, seen.start_time, seen.account
"""

_LOGIN = """
select names.account,
    $format in (select format from built.identity.mapping_formats) as is_mapped
from built.identity.account_names as names where names.user_name = $user_name
"""

_OWNERS = """
select account from built.identity.accounts
where
    event_date = $day and person_id = $person_id and account_type = 'person'
    and not approved_shared
order by account limit 1
"""


def attributed(
    case: Case, ip: str, device: Mapping[str, Any], flow: Mapping[str, Any] | None
) -> None:
    """Put account and grade into the answer."""
    answer = case.answer
    claims = [
        row
        for row in case.rows(_CLAIMS, ip=ip)
        if row["account_type"] not in NOT_PERSONS
    ]
    account, answer.grade = _graded(case, claims, device, _login(case, flow))
    answer.links += [_seen(case, row) for row in claims]
    if account is not None:
        answer.account = case.name("account", account)
        answer.is_pupil = case.names.is_pupil("account", account)
        if any(row["is_shared"] for row in claims if row["account"] == account):
            answer.gaps.append("the account is one that several people may use")
    answer.gaps.append("an account is not a person: who used it is not in the logs")


def _seen(case: Case, row: Mapping[str, Any]) -> Link:
    """What one source saw; under grade D it names nobody either."""
    is_named = case.answer.grade != "D"
    account = case.name("account", row["account"]) if is_named else "an account"
    return Link(
        row["witness"],
        f"{account} was seen there",
        row["start_time"],
        row["end_time"],
        case.line(row["event_id"]),
    )


def _login(case: Case, flow: Mapping[str, Any] | None) -> tuple[str | None, bool]:
    """The account on the flow's own line, and whether it is only a guess."""
    if flow is None or flow["user_name"] is None:
        return None, False
    found = case.rows(_LOGIN, user_name=flow["user_name"], format=flow["format"])
    return (found[0]["account"], found[0]["is_mapped"]) if found else (None, False)


def _graded(
    case: Case,
    claims: Sequence[Mapping[str, Any]],
    device: Mapping[str, Any],
    login: tuple[str | None, bool],
) -> tuple[str | None, str]:
    """The account and its grade; D names nobody."""
    account, is_guess = login
    at_keyboard = {row["account"] for row in claims if row["witness"] == "keyboard"}
    is_crowded = case.answer.is_crowded
    is_confirmed = account in at_keyboard and not is_crowded
    if account is not None and (not is_guess or is_confirmed):
        return account, "A"
    if is_crowded:
        return None, "D"
    people = {row["person_id"] or row["account"] for row in claims}
    if len(people) > 1:
        case.answer.gaps.append("the sources saw different people there")
        return None, "D"
    owner = device.get("assigned_to") if not device.get("pool") else None
    if owner is not None and people <= {owner}:
        owned = case.rows(_OWNERS, person_id=owner)
        if owned:
            return owned[0]["account"], "B"
    if people:
        return claims[0]["account"], "C"
    if account is not None:
        return account, "C"
    case.answer.gaps.append("no logon, login or tunnel names an account there")
    return None, "D"
