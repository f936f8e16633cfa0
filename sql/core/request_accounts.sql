/* ---
kind: ephemeral
summary: >
  The accounts that other logs saw at the device or the address of a web request of a
  day whose line has no login that its product checked. A request where no log saw
  anyone has no row. A locked session of another account is counted, since its
  programs go on; alone it names no one. A firewall's mapping is a copy of another
  log's line and does not count as one of them. An account's password was *given* at a
  device by a session at its keyboard, at a firewall's page, by a VPN login, and by a
  network login that follows another account's there, and by a cloud sign-in through
  the district's own connection at the one device of its owner that was in use then; a
  network login that is the device's last one again may be saved.
grain: [event_id]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  typed_minutes:
    type: int
    default: 2
    min: 1
    max: 15
    unit: minutes
    why: the device that asks for the sign-in requests pages within moments
  sitting_minutes:
    type: int
    default: 60
    min: 5
    max: 720
    unit: minutes
    why: as for a login at a firewall's page
columns:
  event_id: core.request_origins
  session_account:
    type: varchar
    pii: direct
    is: >-
      account whose password was given at the device; otherwise the one that joined the
      network with a device of no one
  session_account_count: {type: bigint, is: the number of such accounts}
  session_fact: {type: varchar, is: 'keyboard, portal, tunnel, network or sign-in: how'}
  is_given: {type: boolean, is: the password of that account was given there}
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
        is_district_device,
        building
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

habits as (
    select
        event_id,
        habit
    from identity.login_habits
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
),

presences as (
    select
        presences.*,
        habits.habit
    from identity.presences as presences
    left join habits on presences.event_id = habits.event_id
    where presences.event_date = $event_date::date
),

device_sessions as (
    select
        account,
        device,
        null as ip,
        start_time,
        end_time,
        'keyboard' as origin,
        true as is_given,
        -- a locked session's programs go on, though its account is not at the keyboard
        state = 'locked' as is_locked
    from presences
    where state in ('live', 'locked') and habit is distinct from 'automatic'
    union all
    select
        account,
        device,
        null as ip,
        start_time,
        end_time,
        'network' as origin,
        coalesce(habit = 'changed', false) as is_given,
        false as is_locked
    from presences
    where presence = 'wifi' and device is not null
    union all
    -- at a firewall's page, at the device that held the address then
    select
        presences.account,
        leases.device,
        presences.ip,
        presences.start_time,
        presences.end_time,
        'portal' as origin,
        true as is_given,
        false as is_locked
    from presences
    inner join identity.address_devices as leases
        on
            presences.ip = leases.ip
            and presences.start_time >= leases.start_time
            and presences.start_time < leases.end_time
            and leases.event_date = $event_date::date
    where presences.presence = 'portal'
),

typed as (
    select
        presences.*,
        ways_out.building as way_building
    from presences
    inner join core.ways_out as ways_out on presences.ip = ways_out.ip
    where presences.presence = 'sign_in'
),

-- a password for a cloud service, typed through the district's own connection: by the
-- owner's device, if it is the only one of the owner's that was in use then, and no log
-- shows the account anywhere else
elsewhere as (
    select distinct
        typed.event_id,
        coalesce(presences.device, 'address ' || presences.ip) as device
    from typed
    inner join presences
        on
            typed.account = presences.account
            and typed.start_time
            between presences.start_time - interval 1 minute * $typed_minutes
            and presences.end_time + interval 1 minute * $typed_minutes
    where presences.presence in ('keyboard', 'wifi', 'tunnel', 'portal')
),

sign_in_devices as (
    select
        typed.event_id,
        min(typed.account) as account,
        min(requests.device) as device,
        min(typed.start_time) as time
    from typed
    inner join accounts on typed.account = accounts.account
    inner join requests
        on
            accounts.person_id = requests.assigned_to
            and requests.device_pool is null
            and coalesce(requests.building = typed.way_building, true)
            and requests.start_time
            between typed.start_time - interval 1 minute * $typed_minutes
            and typed.start_time + interval 1 minute * $typed_minutes
    left join elsewhere
        on
            typed.event_id = elsewhere.event_id
            and requests.device <> elsewhere.device
    where accounts.account_type = 'person' and elsewhere.event_id is null
    group by typed.event_id
    having count(distinct requests.device) = 1
),

sessions as (
    select * from device_sessions
    union all
    select
        account,
        device,
        null as ip,
        time - interval 1 minute * $typed_minutes as start_time,
        time + interval 1 minute * $sitting_minutes as end_time,
        'sign-in' as origin,
        true as is_given,
        false as is_locked
    from sign_in_devices
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
        sessions.account,
        sessions.origin,
        sessions.is_given,
        sessions.is_locked
    from requests
    inner join sessions
        on
            requests.device = sessions.device
            and coalesce(requests.src_ip = sessions.ip, true)
            and requests.start_time between sessions.start_time
            and sessions.end_time
    union all
    select
        requests.*,
        address_sessions.account,
        'tunnel' as origin,
        true as is_given,
        false as is_locked
    from requests
    inner join address_sessions
        on
            requests.src_ip = address_sessions.ip
            and requests.start_time between address_sessions.start_time
            and address_sessions.end_time
    where address_sessions.witness = 'tunnel'
),

-- who was at the keyboard or at the firewall's page; otherwise whose login was given
-- there; otherwise who joined the network with a device that the inventory lacks: on
-- shared stock, on another person's device, or on one whose holder is not on file, a
-- login that does not change may be a saved one
ranked as (
    select
        *,
        case
            when origin in ('keyboard', 'portal') then 1
            when is_given then 2
            when
                origin = 'network'
                and coalesce(assigned_to, device_pool) is null
                and not coalesce(is_district_device, false)
                and user_name is null
                then 3
        end as strength
    from sightings
),

in_session as (
    select
        event_id,
        min(account) filter (where not is_locked) as account,
        count(distinct account) as account_count,
        min(origin) filter (where not is_locked) as origin,
        bool_and(is_given) as is_given
    from ranked
    where strength is not null
    group by event_id, strength
    having not bool_and(is_locked)
    qualify row_number() over (partition by event_id order by strength) = 1
),

-- facts of different origins that name one person: the inventory, a keyboard session, a
-- network login, a login at a firewall's page, a tunnel
supported as (
    select
        sightings.event_id,
        min(sightings.account) as account,
        array_to_string(
            sorted_values(case when not sightings.is_locked then sightings.origin end)
            || case
                when sightings.assigned_to is not null then ['inventory']
                else []::varchar[]
            end,
            ' + '
        ) as facts
    from sightings
    inner join accounts on sightings.account = accounts.account
    where
        sightings.user_name is null
        and sightings.device_pool is null
        and accounts.account_type = 'person'
        and coalesce(accounts.person_id = sightings.assigned_to, true)
    group by sightings.event_id, sightings.assigned_to
    having
        count(distinct sightings.account) = 1
        and count(distinct sightings.origin) filter (where not sightings.is_locked)
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

-- a network login that the device may have saved does not contradict a password that
-- was given there
conflicts as (
    select conflicts.*
    from identity.binding_conflicts as conflicts
    left join habits
        on
            conflicts.other_event_id = habits.event_id
            and habits.habit = 'changed'
    where
        conflicts.event_date = $event_date::date
        and not coalesce(
            conflicts.witness in ('keyboard', 'portal')
            and conflicts.other_witness = 'wifi'
            and habits.event_id is null,
            false
        )
),

contested as (
    select distinct requests.event_id
    from requests
    inner join conflicts
        on
            requests.src_ip = conflicts.ip
            and requests.start_time between conflicts.start_time and conflicts.end_time
),

facts as (
    select
        event_id,
        account as session_account,
        account_count as session_account_count,
        origin as session_fact,
        is_given,
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
    max(session_fact) as session_fact,
    coalesce(bool_or(is_given), false) as is_given,
    max(supported_account) as supported_account,
    max(supporting_facts) as supporting_facts,
    coalesce(bool_or(is_opposed), false) as is_opposed,
    coalesce(bool_or(is_contested), false) as is_contested
from facts
group by event_id
