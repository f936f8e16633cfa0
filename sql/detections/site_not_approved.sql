/* ---
title: Sustained use of a site that is not on the list
summary: >
  A staff account used an external site of a known non-work kind for a
  sustained stretch, on duty or on a district device. Two independent lists must
  call the site non-work, or one list together with several days or a long stay.
  What a page embeds, a mail links to or a glance at lunch leaves does not count.
code: NA-1
kind: non_approved_site
severity: low
grain: [subject, event_date]
window: {days_before: 13}
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: >-
      a link in a mail or a glance at lunch stays under two minutes; this is four
      times that
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: a single tunnel may be a preconnect
  long_seconds:
    type: int
    default: 1800
    min: 300
    max: 28800
    unit: seconds
    why: half an hour in a day stands in for a second list
  repeat_days:
    type: int
    default: 3
    min: 2
    max: 14
    unit: days
    why: three days in two weeks is a habit, not an occasion
columns:
  subject: {type: varchar, pii: direct, is: account}
  start_time: {type: timestamptz, is: first cited request}
  end_time: {type: timestamptz, is: last cited request}
  measure: {type: double, is: seconds of the longest visit}
  observables: {type: 'varchar[]', pii: indirect, is: devices and sites}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - The site serves this job and nobody has put it on the list yet.
  - A list puts the site in the wrong category.
response: >
  Decide about the site first. If it serves the job, put it on the list; the
  finding is then withdrawn.
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
        event_date between $event_date::date - interval 13 day and $event_date::date
        and is_external
        and non_work_sources >= 1
        and is_page_read
        and longest_seconds >= $longest_seconds
        and request_count >= $requests
        and (on_duty_seconds >= $longest_seconds or is_district_device)
),

days as (
    select
        account,
        site,
        count(distinct event_date) as day_count
    from use
    group by account, site
),

counted as (
    select
        use.*,
        days.day_count
    from use
    inner join days on use.account = days.account and use.site = days.site
    where
        use.event_date = $event_date::date
        and (
            use.non_work_sources >= 2
            or days.day_count >= 2
            or use.total_seconds >= $long_seconds
        )
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
            list_count := min(non_work_sources),
            longest_seconds := round(max(longest_seconds), 0),
            total_seconds := round(sum(total_seconds), 0),
            on_duty_seconds := round(sum(on_duty_seconds), 0),
            visits := sum(visit_count)::bigint,
            largest_bytes := max(largest_bytes),
            embed_share := round(max(embed_share), 2),
            days := max(day_count),
            is_repeated := max(day_count) >= $repeat_days,
            is_district_device := bool_and(is_district_device),
            limb := case
                when max(on_duty_seconds) < $longest_seconds then 'property'
                when bool_or(is_district_device) then 'time and property'
                else 'time'
            end,
            attribution_grade := max(attribution_grade),
            is_live_known := bool_and(is_live_known)
        )
    )::varchar as details,
    $event_date::date as event_date
from counted
group by account
