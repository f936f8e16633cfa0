"""Devices that are one person's, or nobody's, by who uses them."""

from pipelines.operations.suggestions.proposal import Evidence, Proposal

PERSONAL_DAYS = 4
PERSONAL_SHARE = 0.9
SHARED_ACCOUNTS = 4
SHARED_SHARE = 0.5
RANDOM_CARD = "^mac:[0-9a-f][26ae]"
"""A card that a phone made up; another network, or another day, and it has another."""

_USE = """
with used as (
    select distinct device, account, is_student, event_date
    from built.core.http_requests
    where
        attribution_grade = 'A' and account_type = 'person' and device is not null
        and net_kind is distinct from 'vdi'
),

by_account as (
    select
        device,
        used.account,
        count(*) as days,
        min(accounts.owner_person_id) as person_id,
        max(used.is_student) as is_pupil
    from used
    left join built.registry.accounts as accounts on used.account = accounts.account
    group by device, used.account
),

known as (
    select * from built.identity.devices
    qualify event_date = max(event_date) over ()
)

select
    by_account.device,
    min(devices.hostname) as hostname,
    min(devices.mac) as mac,
    min(devices.device_class) as device_class,
    min(devices.building) as building,
    min(devices.static_ip) as static_ip,
    count(*) as accounts,
    max_by(by_account.person_id, by_account.days) as person_id,
    max_by(by_account.is_pupil, by_account.days) as is_pupil,
    max(by_account.days) as days,
    max(by_account.days) / sum(by_account.days) as share
from by_account
left join known as devices on by_account.device = devices.device
where
    devices.assigned_to is null
    and devices.pool is null
    -- what the registry does not know is told by its card, if that is its own
    and (devices.device is not null or not regexp_matches(by_account.device, $random))
group by by_account.device
order by by_account.device
"""


def machines(evidence: Evidence) -> list[Proposal]:
    """A row for each device whose use is plain; the others stay as they are."""
    found = []
    for row in evidence.frame(_USE, random=RANDOM_CARD).iter_rows(named=True):
        days = f"{row['share']:.0%} of its account days, {row['days']} days"
        if (
            row["days"] >= PERSONAL_DAYS
            and row["share"] >= PERSONAL_SHARE
            and row["person_id"] is not None
        ):
            more = {"assigned_to": row["person_id"]}
            whose = "one pupil's account" if row["is_pupil"] else "one account"
            found.append(_proposal(row, more, f"{whose} has {days}"))
        elif row["accounts"] >= SHARED_ACCOUNTS and row["share"] < SHARED_SHARE:
            reason = f"{row['accounts']} accounts use it; the busiest has {days}"
            found.append(_proposal(row, {"pool": "shared"}, reason))
    return found


def _proposal(
    row: dict[str, str | None], more: dict[str, str], reason: str
) -> Proposal:
    """What the registry has of the device, and what the logs add."""
    device = row["device"] or ""
    is_card = device.startswith("mac:")
    known = {
        "hostname": row["hostname"] or ("" if is_card else device),
        "mac": row["mac"] or (device.removeprefix("mac:") if is_card else ""),
        "device_class": row["device_class"] or "",
        "building": row["building"] or "",
        "static_ip": row["static_ip"] or "",
    }
    return Proposal("devices.csv", known | more, reason)
