-- What each log of sign-ins recorded in some days, and in which buildings.
with

places as (
    select
        ip,
        building
    from identity.places
    where has_location
),

joined as (
    select
        event_id,
        building
    from identity.presences
    where event_date between $since and $last and presence = 'wifi'
    group by event_id, building
)

select
    logons.source,
    case
        when logons.logon_kind in ('interactive', 'cached', 'remote') then 'keyboard'
        when logons.logon_kind = 'wifi' then 'network'
        when logons.logon_kind = 'vpn' then 'tunnel'
        when logons.logon_kind in ('cloud', 'proxy') then logons.logon_kind
        else 'other'
    end as way,
    coalesce(joined.building, places.building) as building,
    count(*) as line_count
from core.logons as logons
left join joined on logons.event_id = joined.event_id
left join places on logons.src_ip = places.ip
where
    logons.event_date between $since and $last
    and logons.activity in ('logon', 'unlock', 'ticket')
    and not logons.is_machine
group by all
order by all
