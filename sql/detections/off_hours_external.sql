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
window: {days_before: 1, days_after: 1}
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
  keyboard_minutes:
    type: int
    default: 15
    min: 1
    max: 60
    unit: minutes
    why: a logon or unlock shortly before, or during, shows a person
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

blocks as (
    select
        account,
        person_id,
        attribution_grade,
        device,
        device_owner,
        building,
        net_kind,
        start_time,
        end_time,
        live_share,
        has_seat_log,
        is_clock_checked,
        has_ambiguous_time,
        evidence
    from core.presence_blocks
    where
        event_date = $event_date::date
        and is_staff
        and is_district_device
        and attribution_grade = 'A'
        and site_count >= 2
        and epoch(end_time) - epoch(start_time) >= $block_seconds
        and not has_ambiguous_time
),

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

duty as (
    select
        person_id,
        start_time,
        end_time
    from core.duty
    where event_date = $event_date::date
),

-- a person whose duty file holds nothing, has ended or has not begun is not judged;
-- the weekend after its last Friday still belongs to it
rostered as (
    select person_id
    from registry.duty_windows
    where kind = 'contract'
    group by person_id
    having
        min(event_date) <= $event_date::date
        and max(event_date) >= $event_date::date - interval 2 day
),

seats as (
    select
        account,
        device,
        start_time,
        event_id,
        logon_kind
    from identity.seats
    where event_date = $event_date::date and state = 'live'
),

requests as (
    select
        event_id,
        account,
        url_hostname,
        site,
        start_time,
        time,
        event_date
    from core.engaged_requests
    where
        event_date between $event_date::date and $event_date::date + interval 1 day
),

verdicts as (
    select
        account,
        url_hostname,
        verdict,
        event_date
    from core.site_verdicts
    where
        event_date between $event_date::date and $event_date::date + interval 1 day
),

non_work as (
    select
        url_hostname,
        max(source_count) as list_count
    from core.host_categories
    where
        is_non_work
        and event_date between $event_date::date and $event_date::date + interval 1 day
    group by url_hostname
),

off_duty as (
    select
        blocks.*,
        calendar.day_type
    from blocks
    inner join accounts on blocks.account = accounts.account
    inner join calendar on accounts.home_building = calendar.building
    inner join rostered on blocks.person_id = rostered.person_id
    left join duty
        on
            blocks.person_id = duty.person_id
            and blocks.start_time < duty.end_time
            and blocks.end_time > duty.start_time
    where duty.person_id is null and calendar.day_type <> 'elearning'
),

keyed as (
    select
        off_duty.*,
        seats.event_id as seat_event_id,
        seats.logon_kind
    from off_duty
    inner join seats
        on
            off_duty.account = seats.account
            and off_duty.device = seats.device
            and seats.start_time between off_duty.start_time
            - interval 1 minute * $keyboard_minutes
            and off_duty.end_time
    where off_duty.live_share >= $live_share
    qualify
        row_number() over (
            partition by off_duty.account, off_duty.device, off_duty.start_time
            order by seats.start_time, seats.event_id
        ) = 1
),

cited as (
    select
        account,
        device,
        start_time as block_start,
        unnest(evidence) as event_id
    from keyed
),

external as (
    select
        cited.account,
        cited.device,
        cited.block_start,
        cited.event_id,
        requests.site,
        coalesce(non_work.list_count, 0) as list_count,
        epoch(requests.start_time) as span_start,
        greatest(
            epoch(least(requests.time, requests.start_time + interval 300 second)),
            epoch(requests.start_time) + 20
        ) as span_end
    from cited
    inner join requests on cited.event_id = requests.event_id
    inner join verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    left join non_work on requests.url_hostname = non_work.url_hostname
    where verdicts.verdict in ('external', 'denied')
),

-- each request once for all external sites, once more for the non-work ones alone
told_apart as (
    select
        *,
        false as is_non_work_only
    from external
    union all
    select
        *,
        true as is_non_work_only
    from external
    where list_count > 0
),

reached as (
    select
        *,
        max(span_end) over earlier as reached_end
    from told_apart
    window
        earlier as (
            partition by is_non_work_only, account, device, block_start
            order by span_start, event_id
            rows between unbounded preceding and 1 preceding
        )
),

-- time covered by at least one span, pauses up to three minutes filled
covered as (
    select
        *,
        case
            when reached_end is null or span_start - reached_end > 180
                then span_end - span_start
            else greatest(0, span_end - reached_end)
        end as seconds
    from reached
),

summed as (
    select
        account,
        device,
        block_start,
        sum(seconds) filter (where not is_non_work_only) as external_seconds,
        coalesce(sum(seconds) filter (where is_non_work_only), 0)
            as non_work_seconds,
        max(list_count) as list_count,
        list_sort(list_distinct(list(site))) as sites,
        list_sort(list_distinct(list(site) filter (where list_count > 0)))
            as non_work_sites,
        list_sort(list(event_id) filter (where not is_non_work_only)) as evidence
    from covered
    group by account, device, block_start
),

found as (
    select
        keyed.*,
        summed.external_seconds,
        summed.non_work_seconds,
        summed.list_count,
        summed.sites,
        summed.non_work_sites,
        summed.evidence as external_evidence
    from keyed
    inner join summed
        on
            keyed.account = summed.account
            and keyed.device = summed.device
            and keyed.start_time = summed.block_start
    where
        summed.external_seconds >= $external_seconds
        and summed.non_work_seconds >= $non_work_seconds
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
    list_sort(
        list_distinct(flatten(list(external_evidence)) || list(seat_event_id))
    ) as evidence,
    to_json(
        struct_pack(
            blocks := count(*),
            block_seconds := round(
                sum(epoch(end_time) - epoch(start_time)), 0
            ),
            external_seconds := round(sum(external_seconds), 0),
            non_work_seconds := round(sum(non_work_seconds), 0),
            sites := list_sort(list_distinct(flatten(list(non_work_sites)))),
            list_count := max(list_count),
            day_type := min(day_type),
            live_share := round(min(live_share), 2),
            is_live_known := bool_and(has_seat_log),
            are_clocks_checked := bool_and(is_clock_checked),
            is_own_device := bool_and(coalesce(device_owner = person_id, false)),
            is_remote := bool_or(net_kind in ('remote')),
            logon_kind := min(logon_kind)
        )
    )::varchar as details,
    $event_date::date as event_date
from found
group by account
