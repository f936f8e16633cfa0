/* ---
title: An account at a keyboard on site while its owner was away
summary: >
  An account logged on or unlocked a device in a building, and requests to several sites
  followed, in a log with neither sizes nor content types. At that moment its owner was
  on approved leave, or signed in from so far away that no one travels in the time
  between. It is unknown whether a page was read, so it is a lead for the analyst and
  names no one in a report.
code: SA-K
kind: shared_account
severity: informational
stage: trial
base_confidence: C1
clauses: [cl.23, cl.17]
requires_fields: [whose_request, keyboard]
requires_registry:
  [users.csv|accounts.csv, devices.csv, subnets.csv, leave.csv|ip_geo.csv]
session_policy: {keyboard: lead, network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
lookback: 30
params:
  event_date: {type: date}
  requests:
    type: int
    default: 8
    min: 3
    max: 200
    why: a few requests may come from an unattended machine
  sites:
    type: int
    default: 3
    min: 1
    max: 50
    why: a person moves between sites, a restored tab does not
  bins:
    type: int
    default: 3
    min: 1
    max: 50
    why: an automatic sign-on makes one burst; work spreads over time
  edge_minutes:
    type: int
    default: 30
    min: 5
    max: 120
    unit: minutes
    why: an owner stays on when a half-day leave begins, or arrives before it ends
  kilometers:
    type: int
    default: 500
    min: 100
    max: 5000
    why: lists of addresses are a town or two off, now and then a state
  speed:
    type: int
    default: 800
    min: 300
    max: 2000
    unit: km/h
    why: from door to door, no one is as fast as an airliner
  colleagues:
    type: int
    default: 3
    min: 1
    max: 100
    why: a far place that several sign in from is a hub, a trip or a course
columns:
  measure: {type: double, is: requests after the keyboard was used}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim:
  - when: [is_on_leave]
    says: >-
      Account {account} was at the keyboard at {buildings:names} while its owner was on
      approved leave, and requested {sites:count site}; the log has neither sizes nor
      content types.
  - says: >-
      Account {account} was at the keyboard at {buildings:names} and signed in from a
      place about {kilometers:number} km away within {minutes:count minute}; the log of
      requests has neither sizes nor content types.
details:
  is_on_leave: boolean
  requests: int
  sites: int
  buildings: varchar[]
  kilometers: int
  minutes: int
  is_own_device: boolean
  is_clock_wrong: boolean
explanations:
  - name: Pages that a device requests by itself after a logon
    not_testable: >-
      the log has neither sizes nor content types; at least {requests} requests to
      {sites} sites were uneven and followed no other site's
  - name: Leave that was called off, or an owner who stayed on
    by_design: >-
      the leave record is approved and covers the time; on the owner's own device the
      half hour at the edge of a part day does not count
  - name: A mobile network, a relay or a service that many people share
    by_design: only networks that a list gives another kind count as far away
  - name: A desk that its owner works at from afar
    by_design: a device that remote desktop had reached does not count
  - clock
  - approved
refuted_by:
  - a log with bytes or content types
  - a leave record that is canceled or moved
false_positives:
  - The leave was called off and the record not changed.
  - An automatic sign-on after a restart, with tabs that were restored.
triage: >
  No action for this lead alone. Check the leave record, and have the filter log bytes
  or content types; then the rules on shared accounts can judge.
--- */
with

intervals as (
    select
        account,
        any_value(person_id) as person_id,
        device,
        any_value(device_owner) as device_owner,
        any_value(building) as building,
        any_value(lat) as lat,
        any_value(lon) as lon,
        start_time,
        any_value(end_time) as end_time,
        any_value(is_clock_checked) as is_clock_checked,
        any_value(request_count) as request_count,
        any_value(site_count) as site_count,
        list_distinct(
            flatten(list(evidence)) || [
                any_value(session_event_id), any_value(binding_event_id)
            ]
        ) as evidence
    from core.keyboard_intervals
    where
        event_date = $event_date::date
        and has_location
        and request_count >= $requests
        and site_count >= $sites
        and bin_count >= $bins
    group by account, device, start_time
),

leave as (
    select
        person_id,
        start_time,
        end_time,
        part
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

extra as (
    select
        person_id,
        start_time,
        end_time
    from registry.duty_windows
    where event_date = $event_date::date and kind = 'extra'
),

on_leave as (
    select
        intervals.*,
        null::bigint as sign_in_id,
        null::double as distance_km,
        null::double as hours
    from intervals
    inner join leave
        on
            intervals.person_id = leave.person_id
            and intervals.start_time >= leave.start_time
            and intervals.start_time < leave.end_time
    anti join extra
        on
            intervals.person_id = extra.person_id
            and intervals.start_time >= extra.start_time
            and intervals.start_time < extra.end_time
    where
        leave.part = 'full'
        -- a device without a holder on file may be the owner's
        or coalesce(intervals.device_owner <> intervals.person_id, false)
        or intervals.start_time
        between leave.start_time + interval 1 minute * $edge_minutes
        and leave.end_time - interval 1 minute * $edge_minutes
),

sign_ins as (
    select
        event_id,
        account,
        time,
        network_kind,
        lat,
        lon,
        coalesce(accuracy_km, 0) as accuracy_km,
        event_date,
        count(distinct account) over (
            partition by round(lat, 1), round(lon, 1)
        ) as account_count
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
        and lat is not null
),

reached as (
    select distinct
        names.account,
        coalesce(logons.device, logons.host) as device
    from core.logons as logons
    inner join identity.account_names as names on logons.user_name = names.user_name
    where
        logons.event_date
        between $event_date::date - interval 1 day and $event_date::date
        and logons.logon_kind = 'remote'
),

measured as (
    select
        intervals.*,
        sign_ins.event_id as sign_in_id,
        kilometers_apart(sign_ins.lat, sign_ins.lon, intervals.lat, intervals.lon)
        - sign_ins.accuracy_km as distance_km,
        greatest(abs(epoch(sign_ins.time) - epoch(intervals.start_time)), 60) / 3600
            as hours
    from intervals
    inner join sign_ins on intervals.account = sign_ins.account
    anti join reached
        on intervals.account = reached.account and intervals.device = reached.device
    where
        sign_ins.event_date = $event_date::date
        and intervals.is_clock_checked
        and sign_ins.account_count <= $colleagues
        -- of an unknown kind it may be a network that many people share
        and sign_ins.network_kind not in (
            'mobile', 'hosting', 'relay', 'satellite', 'egress'
        )
),

away as (
    select * from on_leave
    union all
    select *
    from measured
    where distance_km >= $kilometers and distance_km / hours >= $speed
    qualify
        row_number() over (
            partition by account, device, start_time order by hours, sign_in_id
        ) = 1
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    sum(request_count)::double as measure,
    sorted_values(device) as observables,
    sorted_set(flatten(list(evidence)) || list(sign_in_id)) as evidence,
    struct_pack(
        is_on_leave := bool_or(sign_in_id is null),
        requests := max(request_count),
        sites := max(site_count),
        buildings := sorted_values(building),
        kilometers := round(min(distance_km), 0)::bigint,
        minutes := round(min(hours) * 60, 0)::bigint,
        is_own_device := bool_and(coalesce(device_owner = person_id, false)),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from away
group by account
