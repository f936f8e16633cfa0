/* ---
title: Another site of a kind that was just refused
summary: >
  The filter refused several requests of a staff account to sites of one non-work
  kind, and within half an hour the account used another site of the same kind for
  a sustained stretch. Refusals alone say nothing: advertisements are refused too.
code: NA-6
kind: non_approved_site
severity: medium
stage: trial
grain: [subject, event_date]
params:
  event_date: {type: date}
  refusals:
    type: int
    default: 3
    min: 2
    max: 50
    why: one or two may be a page's advertisements
  minutes:
    type: int
    default: 30
    min: 5
    max: 240
    unit: minutes
    why: later use has its own reasons
  longest_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: as for sites that are not on the list
  page_bytes:
    type: int
    default: 45000
    min: 1000
    max: 10000000
    unit: bytes
    why: separates a page from a feed that another page embeds
columns:
  subject: {type: varchar, pii: direct, is: account}
  start_time: {type: timestamptz, is: first cited event}
  end_time: {type: timestamptz, is: last cited event}
  measure: {type: double, is: seconds of the longest stretch}
  observables: {type: 'varchar[]', pii: indirect, is: devices and sites}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - The refused requests were an advertisement's, and the later use was work.
response: >
  Decide about the site; then ask what was looked for.
--- */
with

use as (
    select
        account,
        device,
        device_class,
        is_district_device,
        site,
        verdict,
        entry_id,
        attribution_grade,
        start_time,
        end_time,
        longest_seconds,
        total_seconds,
        on_duty_seconds,
        visit_count,
        request_count,
        page_count,
        largest_bytes,
        embed_share,
        categories,
        non_work_sources,
        evidence,
        event_date
    from core.site_use
    where
        event_date = $event_date::date
        and is_staff
        and device_class is distinct from 'phone_byod'
        -- that a device is assigned to somebody does not say who used it
        and attribution_grade in ('A', 'C')
        -- with a logon log, nobody at the keyboard is nobody reading
        and (live_share >= 0.5 or not has_seat_log)
        and verdict in ('external', 'denied')
        and non_work_sources >= 1
        and longest_seconds >= $longest_seconds
        and request_count >= 3
        and largest_bytes >= $page_bytes
),

refused as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.start_time,
        requests.site,
        categories.category
    from core.http_requests as requests
    inner join core.host_categories as categories
        on requests.url_hostname = categories.url_hostname
    where
        requests.event_date = $event_date::date
        and requests.disposition = 'blocked'
        and requests.attribution_grade = 'A'
        and categories.is_non_work
),

before as (
    select
        use.account,
        use.device,
        use.site,
        refused.category,
        count(distinct refused.event_id) as refusal_count,
        list(distinct refused.event_id) as refusals
    from use
    inner join refused
        on
            use.account = refused.account
            and use.device = refused.device
            -- refusals of the site itself are parts of its own pages
            and use.site <> refused.site
            and refused.start_time < use.start_time
            and refused.start_time >= use.start_time - interval 1 minute * $minutes
            and list_contains(string_split(use.categories, ', '), refused.category)
    group by use.account, use.device, use.site, refused.category
    having count(distinct refused.event_id) >= $refusals
),

after as (
    select
        use.* exclude (evidence),
        before.refusal_count,
        use.evidence || before.refusals as evidence
    from use
    inner join before
        on
            use.account = before.account
            and use.device = before.device
            and use.site = before.site
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(longest_seconds) as measure,
    list_sort(
        list_distinct(list('device:' || device) || list('site:' || site))
    ) as observables,
    list_sort(list_distinct(flatten(list(evidence)))) as evidence,
    to_json(
        struct_pack(
            sites := list_sort(list_distinct(list(site))),
            categories := list_sort(list_distinct(list(categories))),
            list_count := max(non_work_sources),
            longest_seconds := round(max(longest_seconds), 0),
            total_seconds := round(sum(total_seconds), 0),
            on_duty_seconds := round(sum(on_duty_seconds), 0),
            visits := sum(visit_count)::bigint,
            largest_bytes := max(largest_bytes),
            embed_share := round(max(embed_share), 2),
            days := 1,
            is_repeated := false,
            is_district_device := bool_and(is_district_device),
            attribution_grade := max(attribution_grade),
            refusals := max(refusal_count)
        )
    )::varchar as details,
    $event_date::date as event_date
from after
group by account
