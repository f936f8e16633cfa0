/* ---
title: Requests to non-work sites at a keyboard outside duty, in a log without sizes
summary: >
  An account logged on or unlocked a district device outside its owner's duty, and
  requests to sites of a known non-work kind followed for minutes, in a log with neither
  sizes nor content types. It is unknown whether a page was read, so it is a lead for
  the analyst and names no one in a report.
code: OH-L
kind: off_hours_external
severity: informational
stage: trial
base_confidence: C1
clauses: [cl.33, cl.29]
requires_fields: [whose_request, site_asked_for, keyboard]
requires_registry:
  - users.csv
  - devices.csv
  - calendar.csv
  - staff_duty.csv
  - approved_sites.csv
  - site_categories.csv
session_policy: {keyboard: lead, network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
params:
  event_date: {type: date}
  least_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: shorter than this is a look at the mail
  requests:
    type: int
    default: 8
    min: 3
    max: 1000
    why: one per minute over that time; a page and its parts make a handful
  bins:
    type: int
    default: 3
    min: 1
    max: 50
    why: tabs that are restored after a logon make one burst
columns:
  measure: {type: double, is: requests to the sites}
claim: >-
  Account {account} was at the keyboard outside its owner's duty hours, and requested
  {sites:names}, {requests:count time}; the log has neither sizes nor content types.
details:
  sites: varchar[]
  categories: varchar[]
  list_count: int
  requests: int
  bins: int
  day_type: varchar
  is_remote: boolean
  is_own_device: boolean
  is_usual_duty: boolean
  is_clock_wrong: boolean
explanations:
  - name: A page that was left open and refreshes after the unlock
    not_testable: >-
      the log has neither sizes nor content types; requests at even intervals, and
      within seconds of another site's, are left out
  - name: Duty in the evening or at the weekend
    by_design: the duty file, leave and calendar show no duty within 45 minutes
  - name: A site that is approved for another role
    by_design: sites that the list approves for any role are left out
  - clock
refuted_by:
  - a log with bytes or content types
  - extra duty on that evening or day
  - an entry for the site on the approved list
false_positives:
  - Evening or weekend duty was agreed and is not in the duty file.
  - Work in another program while tabs with such sites were open.
triage: >
  No action for this lead alone. Have the filter log bytes or content types; then the
  rules on use outside duty can judge.
--- */
with

accounts as (
    select
        account,
        home_building
    from identity.accounts
    where event_date = $event_date::date
),

calendar as (
    select
        building,
        day_type
    from registry.calendar_days
    where date = $event_date::date
),

rostered as (
    select
        person_id,
        is_usual_duty
    from core.rostered_people
    where event_date = $event_date::date
),

duty as (
    select
        person_id,
        start_time,
        end_time
    from core.duty
    where event_date = $event_date::date
),

leave as (
    select
        person_id,
        start_time,
        end_time
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

off_duty as (
    select
        intervals.*,
        sites.categories,
        sites.list_count,
        calendar.day_type,
        rostered.is_usual_duty
    from core.keyboard_intervals as intervals
    inner join core.unlisted_leisure as sites on intervals.site = sites.site
    inner join accounts on intervals.account = accounts.account
    inner join calendar on accounts.home_building = calendar.building
    inner join rostered on intervals.person_id = rostered.person_id
    anti join duty
        on
            intervals.person_id = duty.person_id
            and intervals.start_time < duty.end_time
            and intervals.end_time > duty.start_time
    anti join leave
        on
            intervals.person_id = leave.person_id
            and intervals.start_time < leave.end_time
            and intervals.end_time > leave.start_time
            and coalesce(intervals.net_kind, '') <> 'remote'
    where
        intervals.event_date = $event_date::date
        and intervals.is_district_device
        and calendar.day_type <> 'elearning'
        and epoch(intervals.end_time) - epoch(intervals.start_time) >= $least_seconds
),

late_use as (
    select
        account,
        device,
        start_time,
        any_value(end_time) as end_time,
        sum(site_requests) as requests,
        max(site_bins) as bins,
        list(site) as sites,
        list(categories) as categories,
        min(list_count) as list_count,
        any_value(day_type) as day_type,
        coalesce(any_value(net_kind) = 'remote', false) as is_remote,
        coalesce(any_value(device_owner) = any_value(person_id), false)
            as is_own_device,
        coalesce(any_value(is_usual_duty), false) as is_usual_duty,
        any_value(is_clock_checked) as is_clock_checked,
        flatten(list(evidence)) || [
            any_value(session_event_id), any_value(binding_event_id)
        ] as evidence
    from off_duty
    group by account, device, start_time
    having sum(site_requests) >= $requests and max(site_bins) >= $bins
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    sum(requests)::double as measure,
    sorted_set(
        list('device:' || device)
        || flatten(list(list_transform(sites, lambda site: 'site:' || site)))
    ) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        sites := sorted_set(flatten(list(sites))),
        categories := sorted_set(flatten(list(categories))),
        list_count := min(list_count),
        requests := sum(requests)::bigint,
        bins := max(bins),
        day_type := min(day_type),
        is_remote := bool_or(is_remote),
        is_own_device := bool_and(is_own_device),
        is_usual_duty := bool_or(is_usual_duty),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from late_use
group by account
