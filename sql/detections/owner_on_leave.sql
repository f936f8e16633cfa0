/* ---
title: An account worked on site during its owner's leave
summary: >
  Engaged requests from inside a building, with somebody at the device, while the
  owner's approved leave covers the time. Several sites and five-minute bins keep
  automatic sign-ons and restored tabs out.
code: SA-3
kind: shared_account
severity: high
begins: C2
clauses: [cl.23, cl.17]
needs: [whose_request, presence]
stands_on: [users.csv|accounts.csv, devices.csv, subnets.csv, leave.csv]
judges: {keyboard: finding, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
params:
  event_date: {type: date}
  requests:
    type: int
    default: 8
    min: 3
    max: 200
    why: a few requests may be a machine that nobody touched
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
columns:
  measure: {type: double, is: engaged requests during leave}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was in use at {buildings:names} during its owner's approved
  {part:map am=morning|pm=afternoon|full-day} leave: {requests} requests to {sites}
  sites.
details:
  requests: int
  sites: int
  bins: int
  part: varchar
  has_substitute: boolean
  buildings: varchar[]
  is_own_device: boolean
  is_clock_wrong: boolean
explanations:
  - name: Leave that was called off or covered another part of the day
    by_design: the leave record is approved and covers the time
  - name: An automatic sign-on after a restart
    by_design: requests spread over several sites and five-minute stretches
  - shared: live
    by_design: >-
      only use counts while a logon, an unlock or a device that was woken shows somebody
      there
  - clock
  - machine
  - approved
would_change:
  - a leave record that is canceled or moved
  - extra duty on that day
false_positives:
  - The leave was called off and the record not changed.
  - The owner came in during leave.
response: >
  Check the leave record first. Leave questions to the office in charge.
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

during as (
    select
        requests.*,
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
)

select
    account as subject,
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
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from during
group by account
having
    count(*) >= $requests
    and count(distinct site) >= $sites
    and count(distinct floor(epoch(start_time) / 300)) >= $bins
