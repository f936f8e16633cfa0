/* ---
title: An account was logged on across town within minutes
summary: >
  Work on one campus, then a logon at the keyboard on another campus sooner than
  anyone can travel, followed by work there. The logon ends the way, not the first
  page after it. Fewer switches than for two campuses, so each must be
  stronger: use before and after, an interactive logon, and both clocks known.
  Where another account's session stays open behind the logon, no request shows whose
  work follows; work on the first campus counts then, sooner than anyone can return.
code: SA-2
kind: shared_account
severity: high
stage: trial
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, presence]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv, buildings.csv:lat]
session_policy: {keyboard: finding, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
params:
  event_date: {type: date}
  travel_share:
    type: double
    default: 0.5
    min: 0.1
    max: 1
    why: one event decides, so the margin over honest travel is larger
  most_turns:
    type: int
    default: 3
    min: 1
    max: 50
    why: with more, the rule for turns applies
  before_count:
    type: int
    default: 3
    min: 1
    max: 50
    why: a person was working there, not a late line
  after_count:
    type: int
    default: 4
    min: 1
    max: 50
    why: a person worked here, not a restored tab
  minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: how far around the hop work is looked for
  place_minutes:
    type: int
    default: 30
    min: 1
    max: 240
    unit: minutes
    why: >-
      every request of a computer shows its network; within half an hour no one carries
      it to another campus and logs on there without a request
columns:
  measure: {type: double, is: seconds from work on one campus to the other's logon}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was in use at {buildings:then} {gap_seconds:duration} later; the
  drive takes at least {travel_seconds:duration}.[{return_seconds?} The first device was
  in use again {return_seconds:duration} after the logon.]
details:
  gap_seconds: double
  return_seconds: double
  travel_seconds: double
  buildings: varchar[]
  requests_before: int
  requests_after: int
  is_drive_possible: boolean
  is_administrator: boolean
explanations:
  - drive
  - administrator
  - shared: live
    by_design: >-
      only use counts while a logon, an unlock or a device that was woken shows a person
      there
  - shared: clock
    by_design: only hosts count whose clocks were checked against the directory
  - name: A computer that logs an account on by itself after a restart
    by_design: >-
      a person's work follows the logon, or another account's session stays open behind
      it, so that the computer did not restart
  - network
  - machine
  - approved
refuted_by:
  - a network that the registry puts in the wrong building
  - a correction of the host's clock
false_positives:
  - A network in the registry belongs to another building than listed.
  - A colleague logged on with this account with leave to do so.
triage: >
  Compare the logs of the two devices. Do not question anyone yourself.
--- */
with

seen as (
    select
        event_id,
        account,
        coalesce(person_id, account) as owner,
        device,
        building,
        campus,
        lat,
        lon,
        start_time,
        is_paced,
        is_clock_checked,
        binding_event_id
    from core.engaged_requests
    where
        event_date = $event_date::date
        and attribution_grade = 'A'
        and has_location
        and is_live
        and not is_ambiguous_time
),

-- an account seen on one campus has not moved
requests as (
    select *
    from seen
    where owner in (
        select others.owner
        from seen as others
        group by others.owner
        having min(others.campus) <> max(others.campus)
    )
),

accounts as (
    select
        account,
        coalesce(person_id, account) as owner
    from identity.accounts
    where event_date = $event_date::date
),

sessions as (
    select
        account,
        device,
        start_time,
        logon_kind,
        event_id,
        is_clock_checked
    from core.presences
    where
        event_date = $event_date::date
        and state = 'live'
        and logon_kind in ('interactive', 'wifi')
),

stepped as (
    select
        *,
        lag(event_id) over in_order as previous_id,
        lag(device) over in_order as previous_device,
        lag(campus) over in_order as previous_campus,
        lag(building) over in_order as previous_building,
        lag(lat) over in_order as previous_lat,
        lag(lon) over in_order as previous_lon,
        lag(start_time) over in_order as previous_start,
        lag(is_clock_checked) over in_order as previous_is_clock_checked
    from requests
    window in_order as (partition by owner order by start_time, event_id)
),

moved as (
    select
        *,
        epoch(start_time) - epoch(previous_start) as gap_seconds,
        drive_seconds(
            kilometers_nearby(lat, lon, previous_lat, previous_lon)
        ) as travel_seconds
    from stepped
    where device <> previous_device and campus <> previous_campus
),

turns as (
    select
        *,
        count_if(gap_seconds < $travel_share * travel_seconds) over (
            partition by owner
        ) as turn_count
    from moved
),

-- with more, the rule for turns applies
turned_often as (
    select distinct owner
    from turns
    where turn_count > $most_turns
),

-- a person who logs on has arrived, however long the first page takes
hops as (
    select
        turns.* exclude (gap_seconds),
        sessions.event_id as session_event_id,
        greatest(
            epoch(least(turns.start_time, sessions.start_time))
            - epoch(turns.previous_start),
            0
        ) as gap_seconds
    from turns
    inner join sessions
        on
            turns.account = sessions.account
            and turns.device = sessions.device
            and sessions.start_time between turns.start_time - interval 200 second
            and turns.start_time + interval 30 second
    where
        turns.turn_count <= $most_turns
        and turns.is_clock_checked
        and turns.previous_is_clock_checked
        and sessions.is_clock_checked
        and epoch(least(turns.start_time, sessions.start_time))
        - epoch(turns.previous_start)
        < $travel_share * turns.travel_seconds
    qualify
        row_number() over (
            partition by turns.event_id
            order by sessions.start_time desc, sessions.event_id
        ) = 1
),

before as (
    select
        hops.event_id,
        count(*) as request_count,
        list(requests.event_id) as events,
        min(requests.start_time) as first_start
    from hops
    inner join requests
        on
            hops.owner = requests.owner
            and hops.previous_device = requests.device
            and requests.start_time <= hops.previous_start
            and requests.start_time
            >= hops.previous_start - interval 1 minute * $minutes
    group by hops.event_id
),

after as (
    select
        hops.event_id,
        count(*) as request_count,
        list(requests.event_id) as events,
        max(requests.start_time) as last_start
    from hops
    inner join requests
        on
            hops.owner = requests.owner
            and hops.device = requests.device
            and requests.start_time >= hops.start_time
            and requests.start_time
            <= hops.start_time + interval 1 minute * $minutes
    group by hops.event_id
),

worked_there as (
    select
        hops.account,
        hops.event_id,
        hops.device,
        hops.building,
        hops.previous_device,
        hops.previous_building,
        hops.session_event_id,
        hops.gap_seconds,
        null::double as return_seconds,
        hops.travel_seconds,
        before.request_count as requests_before,
        after.request_count as requests_after,
        before.first_start as start_time,
        after.last_start as end_time,
        before.events || after.events || [hops.binding_event_id] as events
    from hops
    inner join before on hops.event_id = before.event_id
    inner join after on hops.event_id = after.event_id
),

-- another account's session that stays open behind the logon: the computer was not
-- started again, which could log an account on without its password
open_behind as (
    select distinct sessions.event_id
    from sessions
    inner join core.presences as others
        on
            sessions.device = others.device
            and sessions.account <> others.account
            and others.start_time < sessions.start_time
            and others.end_time > sessions.start_time
    where
        others.event_date = $event_date::date
        and others.presence = 'keyboard'
        and others.state in ('live', 'locked')
),

-- a logon while the owner's work on another device goes on before it and after it
interrupted as (
    select
        sessions.account,
        accounts.owner,
        sessions.device,
        sessions.start_time,
        sessions.event_id,
        seen.device as previous_device,
        seen.campus,
        min(seen.building) as building,
        min(seen.lat) as lat,
        min(seen.lon) as lon,
        min(seen.start_time) as first_start,
        max(seen.start_time) as last_start,
        count(*) filter (where seen.start_time <= sessions.start_time)
            as requests_before,
        count(*) filter (where seen.start_time > sessions.start_time)
            as requests_after,
        max(seen.start_time) filter (where seen.start_time <= sessions.start_time)
            as previous_start,
        min(seen.start_time) filter (where seen.start_time > sessions.start_time)
            as next_start,
        list(seen.event_id) || list(distinct seen.binding_event_id) as events
    from sessions
    inner join accounts on sessions.account = accounts.account
    inner join seen
        on
            accounts.owner = seen.owner
            and sessions.device <> seen.device
            and seen.start_time
            between sessions.start_time - interval 1 minute * $minutes
            and sessions.start_time + interval 1 minute * $minutes
    semi join open_behind on sessions.event_id = open_behind.event_id
    where
        sessions.logon_kind = 'interactive'
        and sessions.is_clock_checked
        and seen.is_clock_checked
        and seen.is_paced
    group by all
),

-- where that computer was: requests of any account show it
placed as (
    select
        interrupted.event_id,
        interrupted.previous_device,
        interrupted.campus,
        min(requests.building) as building,
        min(requests.lat) as lat,
        min(requests.lon) as lon
    from interrupted
    inner join core.http_requests as requests
        on
            interrupted.device = requests.device
            and requests.event_date = $event_date::date
            and requests.start_time
            between interrupted.start_time - interval 1 minute * $place_minutes
            and interrupted.start_time + interval 1 minute * $place_minutes
    where requests.has_location and not requests.is_ambiguous_time
    group by
        interrupted.event_id, interrupted.previous_device, interrupted.campus
    having
        min(requests.campus) = max(requests.campus)
        and min(requests.campus) <> interrupted.campus
),

went_on as (
    select
        interrupted.account,
        interrupted.event_id,
        interrupted.device,
        placed.building,
        interrupted.previous_device,
        interrupted.building as previous_building,
        interrupted.event_id as session_event_id,
        epoch(interrupted.start_time) - epoch(interrupted.previous_start)
            as gap_seconds,
        epoch(interrupted.next_start) - epoch(interrupted.start_time)
            as return_seconds,
        drive_seconds(
            kilometers_nearby(
                interrupted.lat, interrupted.lon, placed.lat, placed.lon
            )
        ) as travel_seconds,
        interrupted.requests_before,
        interrupted.requests_after,
        interrupted.first_start as start_time,
        interrupted.last_start as end_time,
        interrupted.events
    from interrupted
    inner join placed
        on
            interrupted.event_id = placed.event_id
            and interrupted.previous_device = placed.previous_device
            and interrupted.campus = placed.campus
    anti join turned_often on interrupted.owner = turned_often.owner
),

-- an account that looks after computers
administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
),

shown as (
    select *
    from worked_there
    union all by name
    select *
    from went_on
    where greatest(gap_seconds, return_seconds) < $travel_share * travel_seconds
)

select
    shown.account as subject,
    shown.start_time,
    shown.end_time,
    shown.gap_seconds as measure,
    list_sort([shown.device, shown.previous_device]) as observables,
    sorted_set(
        list_filter(
            shown.events || [shown.session_event_id],
            lambda event_id: event_id is not null
        )
    ) as evidence,
    struct_pack(
        gap_seconds := round(shown.gap_seconds, 1),
        return_seconds := round(shown.return_seconds, 1),
        travel_seconds := round(shown.travel_seconds, 0),
        buildings := [shown.previous_building, shown.building],
        requests_before := shown.requests_before,
        requests_after := shown.requests_after,
        is_drive_possible := round(
            greatest(shown.gap_seconds, coalesce(shown.return_seconds, 0)), 1
        )
        >= round(shown.travel_seconds, 0),
        is_administrator := administrators.account is not null
    ) as details,
    $event_date::date as event_date
from shown
left join administrators on shown.account = administrators.account
where
    shown.requests_before >= $before_count
    and shown.requests_after >= $after_count
-- the strongest hop of the day speaks for the day
qualify
    row_number() over (
        partition by shown.account
        order by shown.gap_seconds / shown.travel_seconds, shown.event_id
    ) = 1
