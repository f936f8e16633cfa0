/* ---
title: An account was logged on across town within minutes
summary: >
  Work on one campus, then a logon at the keyboard on another campus sooner than
  anyone can travel, followed by work there. The logon ends the way, not the first
  page after it. Fewer switches than for two campuses, so each must be
  stronger: use before and after, an interactive logon, and both clocks known.
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
columns:
  measure: {type: double, is: seconds from work on one campus to the other's logon}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was in use at {buildings:then} {gap_seconds:duration} later; the
  drive takes at least {travel_seconds:duration}.
details:
  gap_seconds: double
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

sessions as (
    select
        account,
        device,
        start_time,
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

-- an account that looks after computers
administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
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
)

select
    hops.account as subject,
    before.first_start as start_time,
    after.last_start as end_time,
    hops.gap_seconds as measure,
    list_sort([hops.device, hops.previous_device]) as observables,
    sorted_set(
        before.events || after.events || [hops.session_event_id]
        || list_filter(
            [hops.binding_event_id],
            lambda event_id: event_id is not null
        )
    ) as evidence,
    struct_pack(
        gap_seconds := round(hops.gap_seconds, 1),
        travel_seconds := round(hops.travel_seconds, 0),
        buildings := [hops.previous_building, hops.building],
        requests_before := before.request_count,
        requests_after := after.request_count,
        is_drive_possible := round(hops.gap_seconds, 1)
        >= round(hops.travel_seconds, 0),
        is_administrator := administrators.account is not null
    ) as details,
    $event_date::date as event_date
from hops
inner join before on hops.event_id = before.event_id
inner join after on hops.event_id = after.event_id
left join administrators on hops.account = administrators.account
where
    before.request_count >= $before_count
    and after.request_count >= $after_count
-- the strongest hop of the day speaks for the day
qualify
    row_number() over (
        partition by hops.account
        order by hops.gap_seconds / hops.travel_seconds, hops.event_id
    ) = 1
