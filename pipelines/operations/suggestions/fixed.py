"""Fixed addresses of the registry that leases gave to other devices."""

from pipelines.operations.suggestions.proposal import Evidence, Proposal

FEWEST = 1
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

KEPT = ("hostname", "mac", "device_class", "assigned_to", "building", "pool")


def fixed(evidence: Evidence) -> list[Proposal]:
    """The device's row without its fixed address, for each that is leased away."""
    return [
        Proposal(
            "devices.csv",
            {name: row[name] or "" for name in KEPT},
            f"{row['ip']} is fixed for {row['device']} in the registry, and a lease "
            f"gave it to {row['leased_to']} on {row['days']} days, last on "
            f"{row['last_day']}; while both claim it, it is neither's",
        )
        for row in evidence.frame(_DISPUTED, fewest=FEWEST).iter_rows(named=True)
    ]
