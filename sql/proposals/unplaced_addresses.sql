-- Addresses in use that no network of the registry contains.
with known as (
    select device, building from identity.devices
    where building is not null
    qualify event_date = max(event_date) over ()
)

select
    seen.ip,
    any_value(holders.mac) as mac,
    coalesce(bool_or(holders.binding = 'tunnel'), false) as is_tunnel,
    list(distinct known.device || ' ' || known.building || ' ' || holders.event_date)
    filter (where known.device is not null) as computers
from (
    select distinct ip from identity.address_holders
    where binding in ('lease', 'tunnel')
    union
    select distinct src_ip from core.http_requests where net_kind is null
) as seen
left join identity.places on seen.ip = places.ip
left join identity.address_holders as holders on seen.ip = holders.ip
left join known on holders.device = known.device
where places.ip is null and seen.ip is not null
group by seen.ip
order by seen.ip
