/* ---
title: An account was used through a remote session from another's computer
summary: >
  A remote session, as on a terminal server, takes place where its client is. Requests
  of such a session, opened from a computer that is assigned to another person,
  alternate within minutes with requests from the live keyboard of the account's owner
  in another building, and the session was opened while the owner's device was in use,
  or they alternate more often. A session from the owner's own computer, from shared
  stock, or from an address that no lease and no building identifies does not count.
code: SA-10
kind: shared_account
severity: high
stage: trial
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, keyboard]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv]
session_policy: {network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
params:
  event_date: {type: date}
  turns:
    type: int
    default: 4
    min: 2
    max: 100
    why: twice there and back; one late line makes at most two
  more_turns:
    type: int
    default: 8
    min: 2
    max: 100
    why: >-
      a session that the owner left open at a colleague's desk goes on by itself a few
      times at most
  gap_seconds:
    type: int
    default: 240
    min: 30
    max: 900
    unit: seconds
    why: no one walks to another building, opens a session and is back within it
columns:
  measure: {type: double, is: turns}
  observables: {type: 'varchar[]', pii: indirect, is: 'devices, the client included'}
claim: >-
  Account {account} was used at {buildings:names} and, through a remote session from
  another person's computer, at {client_buildings:names} at about the same time: {turns}
  switches within minutes each.
details:
  turns: int
  shortest_gap_seconds: double
  buildings: varchar[]
  client_buildings: varchar[]
  is_administrator: boolean
  is_left_open: boolean
  is_clock_wrong: boolean
explanations:
  - name: A session that the owner opened at a colleague's desk and left open
    by_design: >-
      the owner's device was in use within minutes before and after the session was
      opened, or the two alternated eight times
  - administrator
  - live
  - name: A computer that changed hands while the registry still names its former user
    by_design: >-
      the building is that of the client's network, and the owner's device was in use in
      another one
  - clock
  - machine
  - approved
refuted_by:
  - a device that the registry assigns to another person
  - a network that the registry puts in the wrong building
false_positives:
  - A device or a network in the registry belongs elsewhere.
triage: >
  Have the password changed: the owner may not know of it. Do not question
  anyone yourself.
--- */
with

logons as (
    select
        event_id,
        time,
        src_ip
    from core.logons
    where
        event_date = $event_date::date
        and logon_kind = 'remote'
        and is_success is distinct from false
        and src_ip is not null
),

devices as (
    select
        device,
        assigned_to
    from identity.devices
    where
        event_date = $event_date::date
        and pool is null
        and assigned_to is not null
),

places as (
    select
        ip,
        building
    from identity.places
    where has_location and building is not null
),

-- few sessions are opened from another computer: all else depends on them
openings as (
    select
        logons.event_id,
        logons.time as opened,
        holders.device as at_device,
        places.building as at_building,
        devices.assigned_to
    from logons
    inner join identity.address_devices as holders
        on
            logons.src_ip = holders.ip
            and logons.time >= holders.start_time
            and logons.time < holders.end_time
    inner join devices on holders.device = devices.device
    inner join places on logons.src_ip = places.ip
    where holders.event_date = $event_date::date
),

seen as (
    select
        event_id,
        account,
        person_id,
        device,
        device_owner,
        building,
        has_location,
        start_time,
        is_live_known,
        is_clock_checked,
        session_event_id,
        binding_event_id
    from core.engaged_requests
    where
        event_date = $event_date::date
        and person_id is not null
        and session_event_id is not null
        and attribution_grade = 'A'
        and is_live
        and not is_ambiguous_time
),

through_sessions as (
    select
        seen.*,
        true as is_remote,
        openings.at_device,
        openings.at_building,
        openings.opened
    from seen
    inner join openings on seen.session_event_id = openings.event_id
    where openings.assigned_to <> seen.person_id
),

-- at the own keyboard, in no remote session
at_own_desk as (
    select
        seen.*,
        false as is_remote,
        seen.device as at_device,
        seen.building as at_building
    from seen
    semi join through_sessions on seen.person_id = through_sessions.person_id
    anti join logons on seen.session_event_id = logons.event_id
    where
        seen.has_location
        and seen.building is not null
        and seen.device_owner = seen.person_id
),

-- the owner cannot have been at the client when the session was opened
opened_elsewhere as (
    select sessions.session_event_id
    from through_sessions as sessions
    inner join at_own_desk as desk
        on
            sessions.person_id = desk.person_id
            and sessions.at_building <> desk.at_building
            and desk.start_time
            between sessions.opened - to_seconds($gap_seconds)
            and sessions.opened + to_seconds($gap_seconds)
    group by sessions.session_event_id
    having
        bool_or(desk.start_time <= sessions.opened)
        and bool_or(desk.start_time >= sessions.opened)
),

both_sides as (
    select
        *,
        false as is_opened_elsewhere
    from at_own_desk
    union all
    select
        through_sessions.* exclude (opened),
        opened_elsewhere.session_event_id is not null as is_opened_elsewhere
    from through_sessions
    left join opened_elsewhere
        on through_sessions.session_event_id = opened_elsewhere.session_event_id
),

stepped as (
    select
        *,
        lag(both_sides) over in_order as previous
    from both_sides
    window in_order as (partition by person_id order by start_time, event_id)
),

administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
),

turns as (
    select
        stepped.*,
        if(stepped.is_remote, stepped.previous['at_building'], stepped.at_building)
            as building_of_desk,
        if(stepped.is_remote, stepped.at_building, stepped.previous['at_building'])
            as building_of_client,
        administrators.account is not null as is_administrators
    from stepped
    left join administrators on stepped.account = administrators.account
    where
        stepped.is_remote <> stepped.previous['is_remote']
        and stepped.at_building <> stepped.previous['at_building']
        and epoch(stepped.start_time) - epoch(stepped.previous['start_time'])
        < $gap_seconds
)

select
    min(account) as subject,
    min(previous['start_time']) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_set(
        list(device)
        || list(previous['device'])
        || list(at_device)
        || list(previous['at_device'])
    ) as observables,
    evidence_of_switches(turns, previous) as evidence,
    struct_pack(
        turns := count(*),
        shortest_gap_seconds := round(
            min(epoch(start_time) - epoch(previous['start_time'])), 1
        ),
        buildings := sorted_values(building_of_desk),
        client_buildings := sorted_values(building_of_client),
        is_administrator := bool_or(is_administrators),
        is_left_open := ruled_out_if(
            bool_and(is_live_known and previous['is_live_known'])
        ),
        is_clock_wrong := ruled_out_if(
            bool_and(is_clock_checked and previous['is_clock_checked'])
        )
    ) as details,
    $event_date::date as event_date
from turns
group by person_id
having
    count(*) >= $more_turns
    or count_if(is_opened_elsewhere or previous['is_opened_elsewhere']) >= $turns
