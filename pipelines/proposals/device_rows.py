"""Proposes rows of `devices.csv`: what logs show of computers, holders and fixed addresses."""

from collections.abc import Iterator

from pipelines.proposals.offers import NAMES, Evidence, Proposal

MIN_DISPUTES = 1
"""Days on which a lease gave the address to another device."""

_DISPUTED = """
with disputed as (
    select
        conflicts.ip,
        conflicts.other_device as device,
        any_value(conflicts.device) as leased_to,
        count(distinct conflicts.event_date) as days,
        max(conflicts.event_date) as last_day
    from built.identity.device_conflicts as conflicts
    where conflicts.binding = 'lease' and conflicts.other_binding = 'static'
    group by conflicts.ip, conflicts.other_device
    having count(distinct conflicts.event_date) >= $fewest
)

select
    devices.*,
    disputed.ip,
    disputed.leased_to,
    disputed.days,
    disputed.last_day
from disputed
inner join built.registry.devices as devices
    on disputed.device = devices.device and disputed.ip = devices.static_ip
order by devices.device, disputed.ip
"""
KEPT = (*NAMES, "mac", "device_class", "assigned_to", "building", "pool")
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
        max(used.is_student) as is_student
    from used
    left join built.registry.accounts as accounts on used.account = accounts.account
    group by device, used.account
),

known as (
    select * from built.identity.devices
    qualify event_date = max(event_date) over ()
),

-- the only name of a card in leases, if no other card has it and a computer's log
-- uses it: a phone may call itself anything
cards as (
    select
        'mac:' || leases.mac as device,
        min(split_part(leases.hostname, '.', 1)) as hostname
    from raw.leases as leases
    where
        leases.hostname is not null
        and split_part(leases.hostname, '.', 1) in (
            select split_part(logons.host, '.', 1)
            from raw.logons as logons
            where logons.host is not null and logons.reported_by = logons.host
        )
    group by leases.mac
    having count(distinct split_part(leases.hostname, '.', 1)) = 1
    qualify count(*) over (partition by min(split_part(leases.hostname, '.', 1))) = 1
)

select
    by_account.device,
    coalesce(min(devices.hostname), min(cards.hostname)) as hostname,
    min(devices.serial) as serial,
    min(devices.asset_tag) as asset_tag,
    min(devices.directory_id) as directory_id,
    min(devices.mac) as mac,
    min(devices.device_class) as device_class,
    min(devices.building) as building,
    min(devices.static_ip) as static_ip,
    count(*) as accounts,
    max_by(by_account.person_id, by_account.days) as person_id,
    max_by(by_account.is_student, by_account.days) as is_student,
    max(by_account.days) as days,
    max(by_account.days) / sum(by_account.days) as share
from by_account
left join known as devices on by_account.device = devices.device
left join cards on by_account.device = cards.device
where
    devices.assigned_to is null
    and devices.pool is null
    -- a device that is not in the registry is identified by its card, unless that is random
    and (devices.device is not null or not regexp_matches(by_account.device, $random))
group by by_account.device
order by by_account.device
"""

_LEARNED_DEVICES = """
with listed as (
    select * from built.registry.devices
    where valid_to is null
    qualify count(*) over (partition by device) = 1
)

select
    listed.*,
    learned.mac as learned_mac,
    learned.other_mac,
    learned.device_class as learned_class,
    learned.building as learned_building,
    learned.sighting_count,
    learned.keyboard_count,
    learned.problem
from built.identity.learned_devices as learned
inner join listed on learned.device = listed.device
qualify learned.event_date = max(learned.event_date) over ()
order by listed.device
"""


def fixed(evidence: Evidence) -> list[Proposal]:
    """Return the device's row without its fixed address, for each that is leased away."""
    return [
        Proposal(
            "devices.csv",
            {name: row[name] or "" for name in KEPT},
            f"{row['ip']} is fixed for {row['device']} in the registry, but leases assigned it to "
            f"{row['leased_to']} on {row['days']} days, last on {row['last_day']}; while both "
            "claim it, it counts for neither",
            clears=("static_ip",),
        )
        for row in evidence.frame(_DISPUTED, fewest=MIN_DISPUTES).iter_rows(named=True)
    ]


def machines(evidence: Evidence) -> list[Proposal]:
    """Return a row for each device with clear use; the others are not changed."""
    found = []
    for row in evidence.frame(_USE, random=RANDOM_CARD).iter_rows(named=True):
        days = f"{row['share']:.0%} of its account days, {row['days']} days"
        if (
            row["days"] >= PERSONAL_DAYS
            and row["share"] >= PERSONAL_SHARE
            and row["person_id"] is not None
        ):
            more = {"assigned_to": row["person_id"]}
            whose = "one student's account" if row["is_student"] else "one account"
            found.append(_proposal(row, more, f"{whose} has {days}"))
        elif row["accounts"] >= SHARED_ACCOUNTS and row["share"] < SHARED_SHARE:
            reason = f"{row['accounts']} accounts use it; the busiest has {days}"
            found.append(_proposal(row, {"pool": "shared"}, reason))
    return found


def _proposal(row: dict[str, str | None], more: dict[str, str], reason: str) -> Proposal:
    """Combine the registry's row of the device with the logs' facts."""
    device = row["device"] or ""
    is_card = device.startswith("mac:")
    known = {name: row[name] or "" for name in NAMES} | {
        "hostname": row["hostname"] or ("" if is_card or row["serial"] else device),
        "mac": row["mac"] or (device.removeprefix("mac:") if is_card else ""),
        "device_class": row["device_class"] or "",
        "building": row["building"] or "",
        "static_ip": row["static_ip"] or "",
    }
    return Proposal("devices.csv", known | more, reason)


def computers(evidence: Evidence) -> Iterator[Proposal]:
    """Yield card, class and building of each listed computer, from leases and logons."""
    for row in evidence.frame(_LEARNED_DEVICES).iter_rows(named=True):
        names = {name: row[name] for name in NAMES if row[name]}
        learned = {
            "mac": row["learned_mac"],
            "ethernet_mac": row["other_mac"],
            "device_class": row["learned_class"],
            "building": row["learned_building"],
        }
        cells = {name: cell for name, cell in learned.items() if cell}
        if cells:
            facts = {"mac": "card", "device_class": "class", "building": "building"}
            what = [word for name, word in facts.items() if name in cells]
            yield Proposal(
                "devices.csv",
                names | cells,
                f"{', '.join(what) or 'card'} from {row['sighting_count']:,} leases "
                f"and network logins and {row['keyboard_count']:,} sign-ins",
                # a class `other` carries no information, and hides a more exact one
                is_taken=row["device_class"] == "other" and "device_class" in cells,
            )
        if row["problem"]:
            yield Proposal("devices.csv", names, "no network card was found", doubt=row["problem"])
