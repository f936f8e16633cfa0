/* ---
title: An account worked on site during its owner's leave
summary: >
  Engaged requests from inside a building, with a user at the device, while the
  owner's approved leave covers the time. Several sites and five-minute bins keep
  automatic sign-ons and restored tabs out. On the owner's own device the leave record
  may be wrong: the finding is a question about it and has a lower severity. It is a
  lead if use continues across the edge of a half-day leave, since the owner stayed, if
  it is of a laptop or Chromebook that the owner carries on a half day of leave, or if
  all of it is before or after the hours in which nearly all others work on site, since
  leave does not keep the owner from coming in.
code: SA-3
kind: shared_account
severity: low
severity_raised: [{to: high, fact: is_other_device}, {to: medium, fact: is_part_day}]
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, presence]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv, leave.csv]
session_policy: {keyboard: finding, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
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
    why: a person who stays on does not pause longer
  tail_share:
    type: double
    default: 0.05
    min: 0
    max: 0.25
    why: the day's work begins and ends with few people and a few of the requests
  people:
    type: int
    default: 5
    min: 2
    max: 100
    why: the hours of fewer people are not the hours of the work day
columns:
  measure: {type: double, is: engaged requests during leave}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim:
  - when: [is_other_device]
    says: >-
      Account {account} was in use at {buildings:names} while its owner was on approved
      {part:map am=morning|pm=afternoon|full-day} leave: {requests} requests to {sites}
      sites.
  - says: >-
      Account {account} was in use on its owner's own device at {buildings:names} during
      approved {part:map am=morning|pm=afternoon|full-day} leave: {requests} requests to
      {sites} sites. Is the leave record right?
details:
  requests: int
  sites: int
  bins: int
  part: varchar
  has_substitute: boolean
  buildings: varchar[]
  is_own_device: boolean
  is_other_device: boolean
  is_part_day: boolean
  is_owner_there: boolean
  is_carried: boolean
  is_after_work: boolean
  is_clock_wrong: boolean
explanations:
  - name: The owner stayed on, or arrived early
    test: is_owner_there
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}use did not continue across the start or the end of the
      leave]
    fits: use of the owner's own device continued across the edge of the leave
  - name: The owner worked on a half day of leave
    test: is_carried
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}the leave covers the full day, or the device is not
      carried]
    fits: >-
      all use was of the owner's own laptop or Chromebook, and the owner was expected on
      site for the other half of the day
  - name: The owner came in before or after the day's work
    test: is_after_work
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}some of it was in the hours in which others work on site]
    fits: >-
      all use was of the owner's own device, before or after the hours in which others
      work on site
  - name: Leave that was called off or covered another part of the day
    by_design: the leave record is approved and covers the time
  - name: An automatic sign-on after a restart
    by_design: requests spread over several sites and five-minute stretches
  - shared: live
    by_design: >-
      only use counts while a logon, an unlock or a device that was woken shows a person
      there
  - clock
  - machine
  - approved
refuted_by:
  - a leave record that is canceled or moved
  - extra duty on that day
false_positives:
  - The leave was called off and the record not changed.
  - The owner came in during leave.
triage: >
  Check the leave record first. Do not question anyone yourself.
--- */
with

requests as (
    select *
    from core.engaged_requests
    where
        event_date = $event_date::date
        and attribution_grade = 'A'
        and has_location
        and is_live
        and not is_ambiguous_time
        and person_id is not null
),

leave as (
    select
        person_id,
        start_time,
        end_time,
        part,
        substitute_person_id
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

duty as (
    select
        person_id,
        start_time,
        end_time
    from registry.duty_windows
    where event_date = $event_date::date and kind = 'extra'
),

-- the hours in which nearly all requests from buildings were made that day
work as (
    select
        quantile_disc(start_time, $tail_share) as first_time,
        quantile_disc(start_time, 1 - $tail_share) as last_time
    from requests
    having count(distinct person_id) >= $people
),

during as (
    select
        requests.*,
        leave.start_time as leave_start,
        leave.end_time as leave_end,
        leave.part,
        leave.substitute_person_id is not null as has_substitute
    from requests
    inner join leave
        on
            requests.person_id = leave.person_id
            and requests.start_time >= leave.start_time
            and requests.start_time < leave.end_time
    left join duty
        on
            requests.person_id = duty.person_id
            and requests.start_time >= duty.start_time
            and requests.start_time < duty.end_time
    where duty.person_id is null
),

-- a person who stays on when the leave begins, or arrives before it ends, does not
-- pause at its edge
edges as (
    select
        during.account,
        during.device,
        during.leave_start,
        during.leave_end,
        max(requests.start_time) filter (
            where requests.start_time < during.leave_start
        ) as last_before,
        min(requests.start_time) filter (
            where requests.start_time >= during.leave_end
        ) as first_after,
        min(during.start_time) as first_in,
        max(during.start_time) as last_in
    from during
    inner join requests
        on during.account = requests.account and during.device = requests.device
    where during.part <> 'full'
    group by
        during.account, during.device, during.leave_start, during.leave_end
),

stayed as (
    select
        account,
        bool_and(
            coalesce(
                epoch(first_in) - epoch(last_before) <= 60 * $edge_minutes, false
            )
            or coalesce(
                epoch(first_after) - epoch(last_in) <= 60 * $edge_minutes, false
            )
        ) as is_staying
    from edges
    group by account
)

select
    during.account as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_values(device) as observables,
    sorted_set(
        flatten(list([event_id, session_event_id, binding_event_id]))
    ) as evidence,
    struct_pack(
        requests := count(*),
        sites := count(distinct site),
        bins := count(distinct floor(epoch(start_time) / 300)),
        part := min(part),
        has_substitute := bool_or(has_substitute),
        buildings := sorted_values(building),
        is_own_device := bool_and(
            coalesce(device_owner = person_id, false)
        ),
        is_other_device := not bool_and(
            coalesce(device_owner = person_id, false)
        ),
        is_part_day := bool_and(part <> 'full'),
        is_owner_there := bool_and(coalesce(device_owner = person_id, false))
        and coalesce(bool_and(stayed.is_staying), false),
        is_carried := bool_and(
            coalesce(
                part <> 'full'
                and device_owner = person_id
                and device_class in ('laptop', 'chromebook'),
                false
            )
        ),
        is_after_work := bool_and(
            coalesce(device_owner = person_id, false)
            and coalesce(
                start_time not between work.first_time and work.last_time, false
            )
        ),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from during
left join stayed on during.account = stayed.account
left join work on true
group by during.account
having
    count(*) >= $requests
    and count(distinct site) >= $sites
    and count(distinct floor(epoch(start_time) / 300)) >= $bins
