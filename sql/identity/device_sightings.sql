/* ---
summary: >
  The names by which logs call computers on a day, for learning what the registry does
  not list: which card a name goes with (a lease that carries the client's name, or a
  computer that joins the network by its own account), on which networks, at which
  computers people sign in, and who joins the network with a card.
grain: [name, mac, seen_in, net_kind, building, user_name, event_date]
params:
  event_date: {type: date}
columns:
  name:
    type: varchar
    pii: indirect
    is: 'host name, lower case, without a domain; of a login the card'
  mac: {type: varchar, pii: indirect, is: card; null for a keyboard}
  seen_in: {type: varchar, is: 'lease, network, keyboard or login'}
  net_kind: {type: varchar, is: kind of network of the leased address}
  building: {type: varchar, is: building of that network}
  user_name: {type: varchar, pii: direct, is: user who signed in or joined}
  sighting_count: {type: bigint, is: log lines}
  first_time: {type: timestamptz, is: first of them}
  last_time: {type: timestamptz, is: last of them}
  event_id: {type: bigint, is: first of them}
  event_date: {type: date, is: local day}
--- */
with

logons as (
    select
        logons.* replace (
            proven_name(logons.user_name, logons.name_proof, inner_names.user_name)
                as user_name
        )
    from raw.logons as logons
    left join identity.inner_names as inner_names
        on
            logons.event_id = inner_names.event_id
            and inner_names.event_date = $event_date::date
    where logons.event_date = $event_date::date
),

leases as (
    select
        split_part(leases.hostname, '.', 1) as name,
        leases.mac,
        'lease' as seen_in,
        places.net_kind,
        places.building,
        null as user_name,
        leases.time,
        leases.event_id
    from raw.leases
    left join identity.places as places on leases.ip = places.ip
    where
        leases.event_date = $event_date::date
        and leases.action in ('assign', 'renew')
        and leases.mac is not null
        and leases.hostname is not null
),

joins as (
    select
        regexp_extract(lower(user_name), '^host/([^.]+)', 1) as name,
        src_mac as mac,
        'network' as seen_in,
        null as net_kind,
        null as building,
        null as user_name,
        time,
        event_id
    from logons
    where
        logon_kind = 'wifi'
        and activity = 'logon'
        and coalesce(is_success, true)
        and src_mac is not null
        and starts_with(lower(user_name), 'host/')
),

keyboards as (
    select
        split_part(host, '.', 1) as name,
        null as mac,
        'keyboard' as seen_in,
        null as net_kind,
        null as building,
        user_name,
        time,
        event_id
    from raw.logons
    where
        event_date = $event_date::date
        and activity in ('logon', 'unlock')
        and logon_kind in ('interactive', 'cached')
        and coalesce(is_success, true)
        and host = reported_by
        and proven_name(user_name, name_proof, null) is not null
        and not coalesce(is_machine, false)
),

logins as (
    select
        src_mac as name,
        src_mac as mac,
        'login' as seen_in,
        null as net_kind,
        null as building,
        user_name,
        time,
        event_id
    from logons
    where
        logon_kind = 'wifi'
        and activity = 'logon'
        and coalesce(is_success, true)
        and not coalesce(is_machine, false)
        and src_mac is not null
        and user_name is not null
        and not starts_with(lower(user_name), 'host/')
),

sightings as (
    select * from leases
    union all
    select * from logins
    union all
    select * from joins
    union all
    select * from keyboards
)

select
    name,
    mac,
    seen_in,
    net_kind,
    building,
    user_name,
    count(*) as sighting_count,
    min(time) as first_time,
    max(time) as last_time,
    min(event_id) as event_id,
    $event_date::date as event_date
from sightings
where name <> ''
group by name, mac, seen_in, net_kind, building, user_name
