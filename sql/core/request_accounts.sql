/* ---
kind: ephemeral
summary: >
  The accounts that other logs saw at the device or the address of a web request of a
  day that has no login. A request where no log saw anyone has no row. A firewall's
  mapping is a copy of another log's line and does not count as one of them.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
columns:
  event_id: core.request_origins
  session_account:
    type: varchar
    pii: direct
    is: >-
      account at the keyboard, or that joined the network with a device of no one
  session_account_count: {type: bigint, is: the number of such accounts}
  supported_account:
    type: varchar
    pii: direct
    is: account that two facts of different origins name, and none contradicts
  supporting_facts:
    type: varchar
    is: 'origins of these facts, such as network + inventory'
  is_opposed:
    type: boolean
    is: another person than the device's owner was seen at the address
  is_contested: {type: boolean, is: two sources saw different people at the address}
--- */
with

requests as (
    select
        event_id,
        start_time,
        src_ip,
        user_name,
        device,
        device_pool,
        assigned_to,
        is_district_device
    from core.request_origins
    where user_name is null or is_mapped
),

accounts as (
    select
        account,
        -- an account that several people may use belongs to none of them
        case when approved_shared then 'role_shared' else account_type end
            as account_type,
        person_id
    from identity.accounts
    where event_date = $event_date::date
),

device_sessions as (
    select
        account,
        device,
        start_time,
        end_time,
        'keyboard' as origin
    from identity.presences
    where event_date = $event_date::date and state = 'live'
    union all
    select
        account,
        device,
        start_time,
        end_time,
        'network' as origin
    from identity.presences
    where event_date = $event_date::date and presence = 'wifi' and device is not null
),

address_sessions as (
    select
        ip,
        account,
        witness,
        start_time,
        end_time
    from identity.account_addresses
    where event_date = $event_date::date
),

-- the people that other logs saw at the device or the address at that moment, each with
-- the origin of the fact
sightings as (
    select
        requests.*,
        device_sessions.account,
        device_sessions.origin
    from requests
    inner join device_sessions
        on
            requests.device = device_sessions.device
            and requests.start_time between device_sessions.start_time
            and device_sessions.end_time
    where requests.user_name is null
    union all
    select
        requests.*,
        address_sessions.account,
        'tunnel' as origin
    from requests
    inner join address_sessions
        on
            requests.src_ip = address_sessions.ip
            and requests.start_time between address_sessions.start_time
            and address_sessions.end_time
    where requests.user_name is null and address_sessions.witness = 'tunnel'
),

-- who was at the keyboard; otherwise who joined the network with a device that the
-- inventory lacks: on shared stock, on another person's device, or on one whose holder
-- is not on file, a login may be a saved one
in_session as (
    select
        event_id,
        min(account) as account,
        count(distinct account) as account_count
    from sightings
    where
        origin = 'keyboard'
        or (
            origin = 'network'
            and coalesce(assigned_to, device_pool) is null
            and not coalesce(is_district_device, false)
        )
    group by event_id
),

-- facts of different origins that name one person: the inventory, a keyboard session, a
-- network login, a tunnel
supported as (
    select
        sightings.event_id,
        min(sightings.account) as account,
        array_to_string(
            sorted_values(sightings.origin)
            || case
                when sightings.assigned_to is not null then ['inventory']
                else []::varchar[]
            end,
            ' + '
        ) as facts
    from sightings
    inner join accounts on sightings.account = accounts.account
    where
        sightings.device_pool is null
        and accounts.account_type = 'person'
        and coalesce(accounts.person_id = sightings.assigned_to, true)
    group by sightings.event_id, sightings.assigned_to
    having
        count(distinct sightings.account) = 1
        and count(distinct sightings.origin)
        + (sightings.assigned_to is not null)::int >= 2
),

opposed as (
    select distinct requests.event_id
    from requests
    inner join address_sessions
        on
            requests.src_ip = address_sessions.ip
            and requests.start_time between address_sessions.start_time
            and address_sessions.end_time
    left join accounts on address_sessions.account = accounts.account
    where
        requests.user_name is null
        and requests.assigned_to is not null
        and accounts.person_id is distinct from requests.assigned_to
        and coalesce(accounts.account_type, 'person') not in ('service', 'device')
),

contested as (
    select distinct requests.event_id
    from requests
    inner join identity.binding_conflicts as conflicts
        on
            requests.src_ip = conflicts.ip
            and requests.start_time between conflicts.start_time and conflicts.end_time
    where conflicts.event_date = $event_date::date
),

facts as (
    select
        event_id,
        account as session_account,
        account_count as session_account_count,
        null as supported_account,
        null as supporting_facts,
        false as is_opposed,
        false as is_contested
    from in_session
    union all by name
    select
        event_id,
        account as supported_account,
        facts as supporting_facts
    from supported
    union all by name
    select
        event_id,
        true as is_opposed
    from opposed
    union all by name
    select
        event_id,
        true as is_contested
    from contested
)

select
    event_id,
    max(session_account) as session_account,
    max(session_account_count) as session_account_count,
    max(supported_account) as supported_account,
    max(supporting_facts) as supporting_facts,
    coalesce(bool_or(is_opposed), false) as is_opposed,
    coalesce(bool_or(is_contested), false) as is_contested
from facts
group by event_id
