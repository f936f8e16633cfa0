/* ---
title: External sites on district property outside duty
summary: >
  A staff account was in use on a district device, wholly outside its owner's duty
  hours, with a person at the keyboard, and used external sites, including minutes on
  sites known to be non-work: eight minutes, or five if nearly all of the time was
  on such sites. Grading in the evening on approved sites never counts.
code: OH-1
kind: off_hours_external
severity: low
severity_raised: [{to: medium, days: 3}, {to: medium, fact: is_in_closed_building}]
base_confidence: C2
clauses: [cl.33, cl.29]
requires_fields: [whose_request, site_asked_for, presence]
requires_registry:
  - users.csv
  - devices.csv
  - calendar.csv
  - staff_duty.csv
  - approved_sites.csv
session_policy:
  keyboard: finding
  network: finding
  stock: lead
  home: finding
  nothing: nothing
grain: [subject, event_date]
ends:
  of: compared
  by: [account]
  where:
    too short at the keyboard: active_seconds >= $non_work_seconds
    the keyboard was not live for most of it: live_share >= $live_share
    too short on non-work sites: non_work_seconds >= $non_work_seconds
    too short for work with a few minutes of leisure: >-
      (active_seconds >= $block_seconds and external_seconds >= $external_seconds)
      or non_work_seconds >= $leisure_share * active_seconds
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
  block_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: >-
      shorter than this is a look at the mail, unless nearly all of it is leisure
  external_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: the external part alone must be sustained
  non_work_seconds:
    type: int
    default: 300
    min: 60
    max: 7200
    unit: seconds
    why: a glance at a shop during an evening's work is not an evening in a shop
  leisure_share:
    type: double
    default: 0.8
    min: 0.5
    max: 1
    why: nothing but leisure needs no eight minutes; no mail was looked at
  live_share:
    type: double
    default: 0.8
    min: 0.5
    max: 1
    why: nearly all requests fall while the keyboard is live
  event_share:
    type: double
    default: 0.5
    min: 0.3
    max: 1
    why: a person called in by an event does not spend most of the time on such sites
  event_seconds:
    type: int
    default: 900
    min: 300
    max: 7200
    unit: seconds
    why: a wait during an event may be filled with a quarter of an hour
  site_days:
    type: int
    default: 5
    min: 2
    max: 14
    unit: days
    why: a week on site shows whether the usual hours are the person's
columns:
  measure: {type: double, is: seconds on external sites}
claim: >-
  Account {account} used outside sites for about {external_seconds:duration} (estimate)
  outside its owner's duty hours[{is_usual_duty?} (the district's usual hours)],
  {sites:names} among them.
details:
  blocks: int
  block_seconds: double
  external_seconds: double
  non_work_seconds: double
  sites: varchar[]
  served: varchar[]
  list_count: int
  day_type: varchar
  live_share: double
  is_own_device: boolean
  is_remote: boolean
  logon_kind: varchar
  is_in_closed_building: boolean
  is_left_open: boolean
  is_clock_wrong: boolean
  is_device_assumed: boolean
  is_usual_duty: boolean
  is_event_possible: boolean
explanations:
  - name: An event or extra duty on site that the usual hours do not list
    test: is_event_possible
    ruled_out: the duty file has the owner's own hours, or the use was from home
    not_testable: >-
      only the district's usual hours are known, and these list no evening or weekend
      event
  - name: Duty in the evening or at the weekend
    by_design: the duty file, leave and calendar show no duty within 45 minutes
  - shared: live
    name: A screen left on, with no one there
  - name: Another device at the same place
    by_design: >-
      only time at which the account was at the keyboard of this device
      counts[{is_device_assumed?}; from outside, no log names the device]
  - clock
  - name: Work on approved sites
    by_design: time on sites approved for this account on this day is not counted
  - service
  - name: A session that another account opened
    by_design: a logon of this same account opened the session
  - machine
  - approved
refuted_by:
  - extra duty on that evening or day
  - a calendar that is changed
  - an entry for the sites on the approved list
false_positives:
  - Evening or weekend duty was agreed and is not in the duty file.
  - A family member used a device that was taken home.
  - From outside, the owner's own device was in use along with the district's, and no
    log of the VPN identifies either.
triage: >
  Check the duty and calendar files first. Do not question anyone yourself.
--- */
with

stretches as (
    select *
    from core.off_duty_intervals
    where event_date = $event_date::date
),

sites as (
    select *
    from core.off_duty_sites
    where event_date = $event_date::date and non_work_seconds > 0
),

compared as (
    select
        stretches.*,
        sites.external_seconds,
        sites.non_work_seconds,
        sites.list_count,
        sites.non_work_sites,
        sites.served,
        sites.spans,
        sites.non_work_spans,
        not coalesce(stretches.is_usual_duty, false)
        or stretches.is_remote
        or coalesce(stretches.is_device_assumed, false) as has_known_hours,
        coalesce(
            kept.site_days >= $site_days and kept.outside_days * 2 <= kept.site_days,
            false
        ) as keeps_usual_hours,
        sites.evidence
        || list_value(stretches.session_event_id)
        || coalesce(stretches.bindings, []::bigint[]) as evidence
    from stretches
    inner join sites
        on
            stretches.account = sites.account
            and stretches.device = sites.device
            and stretches.start_time = sites.start_time
    left join core.usual_hours_kept as kept
        on
            stretches.person_id = kept.person_id
            and stretches.event_date = kept.event_date
),

counted as (
    select *
    from compared
    where
        active_seconds >= $non_work_seconds
        and live_share >= $live_share
        and non_work_seconds >= $non_work_seconds
        and (
            (active_seconds >= $block_seconds and external_seconds >= $external_seconds)
            or non_work_seconds >= $leisure_share * active_seconds
        )
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    clock_seconds(external_seconds, spans) as measure,
    sorted_set(
        list('device:' || device)
        || flatten(
            list(list_transform(non_work_sites, lambda site: 'site:' || site))
        )
    ) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        blocks := sum(block_count)::bigint,
        -- two devices at the same time are one evening
        block_seconds := round(
            least(
                sum(active_seconds),
                united_seconds(
                    list(
                        struct_pack(
                            began := epoch(start_time), ended := epoch(end_time)
                        )
                    )
                )
            ),
            0
        ),
        external_seconds := round(clock_seconds(external_seconds, spans), 0),
        non_work_seconds := round(clock_seconds(non_work_seconds, non_work_spans), 0),
        sites := sorted_set(flatten(list(non_work_sites))),
        served := coalesce(sorted_set(flatten(list(served))), []::varchar[]),
        list_count := max(list_count),
        day_type := min(day_type),
        live_share := round(min(live_share), 2),
        is_own_device := bool_and(is_own_device),
        is_remote := bool_or(is_remote),
        logon_kind := min(logon_kind),
        is_in_closed_building := not coalesce(bool_or(is_remote), false)
        and bool_and(logon_kind is distinct from 'remote')
        and coalesce(is_closed_day(min(day_type)), false),
        is_left_open := ruled_out_if(bool_and(is_live_known)),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked)),
        is_device_assumed := coalesce(bool_or(is_device_assumed), false),
        is_usual_duty := coalesce(bool_or(is_usual_duty), false),
        -- from home no event calls; on site an event explains an evening, and not one
        -- that was mostly spent on non-work sites
        is_event_possible := ruled_out_if(
            bool_and(has_known_hours)
            or (
                bool_and(has_known_hours or keeps_usual_hours)
                and clock_seconds(non_work_seconds, non_work_spans) >= $event_seconds
                and clock_seconds(non_work_seconds, non_work_spans)
                > $event_share * sum(active_seconds)
            )
        )
    ) as details,
    $event_date::date as event_date
from counted
group by account
