/* ---
title: External sites on district property outside duty
summary: >
  A staff account was at work on a district device, wholly outside its owner's
  duty hours, with somebody at the keyboard, and spent the time on external sites,
  minutes of it on sites known to be non-work. Grading in the evening on
  approved sites is never one.
code: OH-1
kind: off_hours_external
severity: low
grain: [subject, event_date]
params:
  event_date: {type: date}
  block_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: shorter than this is a look at the mail
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
    why: a look into a shop among an evening's work is no evening in a shop
  live_share:
    type: double
    default: 0.8
    min: 0.5
    max: 1
    why: nearly all requests fall while the keyboard is live
columns:
  subject: {type: varchar, pii: direct, is: account}
  start_time: {type: timestamptz, is: first cited request}
  end_time: {type: timestamptz, is: last cited request}
  measure: {type: double, is: seconds on external sites}
  observables: {type: 'varchar[]', pii: indirect, is: devices and sites}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - Evening or weekend duty was agreed and is not in the duty file.
  - A family member used a device that was taken home.
response: >
  Check the duty and calendar files first, then ask what the work was.
--- */
with

stretches as (
    select
        account,
        device,
        is_own_device,
        is_remote,
        day_type,
        start_time,
        end_time,
        block_count,
        active_seconds,
        live_share,
        has_seat_log,
        is_clock_checked,
        seat_event_id,
        logon_kind,
        bindings
    from core.off_duty_stretches
    where
        event_date = $event_date::date
        and active_seconds >= $block_seconds
        and live_share >= $live_share
),

sites as (
    select
        account,
        device,
        start_time,
        external_seconds,
        non_work_seconds,
        list_count,
        non_work_sites,
        evidence
    from core.off_duty_sites
    where
        event_date = $event_date::date
        and external_seconds >= $external_seconds
        and non_work_seconds >= $non_work_seconds
),

found as (
    select
        stretches.*,
        sites.external_seconds,
        sites.non_work_seconds,
        sites.list_count,
        sites.non_work_sites,
        sites.evidence
        || list_value(stretches.seat_event_id)
        || coalesce(stretches.bindings, []::bigint[]) as evidence
    from stretches
    inner join sites
        on
            stretches.account = sites.account
            and stretches.device = sites.device
            and stretches.start_time = sites.start_time
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    sum(external_seconds) as measure,
    list_sort(
        list_distinct(
            list('device:' || device)
            || flatten(
                list(list_transform(non_work_sites, lambda site: 'site:' || site))
            )
        )
    ) as observables,
    list_sort(list_distinct(flatten(list(evidence)))) as evidence,
    to_json(
        struct_pack(
            blocks := sum(block_count)::bigint,
            block_seconds := round(sum(active_seconds), 0),
            external_seconds := round(sum(external_seconds), 0),
            non_work_seconds := round(sum(non_work_seconds), 0),
            sites := list_sort(list_distinct(flatten(list(non_work_sites)))),
            list_count := max(list_count),
            day_type := min(day_type),
            live_share := round(min(live_share), 2),
            is_live_known := bool_and(has_seat_log),
            are_clocks_checked := bool_and(is_clock_checked),
            is_own_device := bool_and(is_own_device),
            is_remote := bool_or(is_remote),
            logon_kind := min(logon_kind)
        )
    )::varchar as details,
    $event_date::date as event_date
from found
group by account
