/* ---
title: Sustained use of a site whose approval does not cover it
summary: >
  A staff account used a site that is on the district's list, but not on this
  day or not for this role. The remedy is mostly to renew or widen the entry.
code: NA-4
kind: non_approved_site
severity: low
stage: trial
grain: [subject, event_date]
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: as for sites that are not on the list
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not use
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
  - The renewal was agreed and the list not changed.
response: >
  Renew or widen the entry of the list of sites, or say why not; a renewed entry
  withdraws the finding.
--- */
with

use as (
    select
        account,
        device,
        is_district_device,
        site,
        verdict,
        entry_id,
        attribution_grade,
        is_live_known,
        start_time,
        end_time,
        longest_seconds,
        total_seconds,
        on_duty_seconds,
        visit_count,
        request_count,
        largest_bytes,
        embed_share,
        categories,
        non_work_sources,
        evidence,
        event_date
    from core.judged_site_use
    where
        event_date = $event_date::date
        and verdict in ('lapsed', 'not_yet', 'approved_other_role')
        and is_page_read
        and longest_seconds >= $longest_seconds
        and request_count >= $requests
        and (on_duty_seconds >= $longest_seconds or is_district_device)
),

for_pupils as (
    select distinct entry_id
    from registry.approved_sites
    where role = 'student'
),

-- what the district gives its pupils, staff may look at
judged as (
    select use.*
    from use
    left join for_pupils on use.entry_id = for_pupils.entry_id
    where use.verdict <> 'approved_other_role' or for_pupils.entry_id is null
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
            list_count := 0,
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
            is_live_known := bool_and(is_live_known),
            verdicts := list_sort(list_distinct(list(verdict)))
        )
    )::varchar as details,
    $event_date::date as event_date
from judged
group by account
