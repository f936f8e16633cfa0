/* ---
summary: >
  An account's use of one site on one device and day, estimated from spans of
  engaged requests. Each request counts from its start for a few minutes at
  most, since an open tunnel proves no reader; spans close together are one.
grain: [account, device, site, event_date]
window: {days_before: 1}
params:
  event_date: {type: date}
  span_seconds:
    type: int
    default: 300
    min: 30
    max: 1800
    unit: seconds
    why: nobody is shown to read longer than this after the last request
  joined_seconds:
    type: int
    default: 180
    min: 10
    max: 1800
    unit: seconds
    why: the pause after which commercial reporters begin a new visit
  embed_seconds:
    type: int
    default: 5
    min: 1
    max: 30
    unit: seconds
    why: what a page embeds is asked for within seconds of the page
columns:
  account: {type: varchar, pii: direct, is: account}
  person_id: {type: varchar, pii: indirect, is: owner of the account}
  is_staff: {type: boolean, is: the owner works for the district}
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class of the device}
  is_district_device: {type: boolean, is: district property}
  building: {type: varchar, is: building}
  site: {type: varchar, is: registrable domain}
  verdict: {type: varchar, is: the strictest verdict on its hosts}
  entry_id: {type: varchar, is: entry of the list of sites that decided}
  attribution_grade: {type: varchar, is: the weakest grade of the requests}
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: end of the last span}
  longest_seconds: {type: double, is: longest visit}
  total_seconds: {type: double, is: all visits}
  on_duty_seconds: {type: double, is: share of the visits inside duty}
  visit_count: {type: bigint, is: visits}
  request_count: {type: bigint, is: engaged requests}
  page_count: {type: bigint, is: HTML documents among them}
  bytes_in: {type: bigint, is: bytes received}
  largest_bytes: {type: bigint, is: the largest single response}
  embed_share: {type: double, is: share of requests right after another site's}
  live_share: {type: double, is: share of requests with a live keyboard}
  has_seat_log: {type: boolean, is: the device writes logons}
  categories: {type: varchar, is: what lists say of it}
  non_work_sources: {type: bigint, is: most lists agreeing on one non-work category}
  evidence: {type: 'bigint[]', is: the requests}
  event_date: {type: date, is: local day}
--- */
with

requests as (
    select
        event_id,
        account,
        person_id,
        is_staff,
        attribution_grade,
        device,
        device_class,
        is_district_device,
        building,
        start_time,
        time,
        url_hostname,
        site,
        bytes_in,
        is_page,
        is_live,
        has_seat_log
    from core.engaged_requests
    where event_date = $event_date::date and site is not null
),

verdicts as (
    select
        account,
        url_hostname,
        verdict,
        entry_id
    from core.site_verdicts
    where event_date = $event_date::date
),

categories as (
    select
        url_hostname,
        category,
        source_count,
        is_non_work
    from core.host_categories
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

followed as (
    select
        *,
        greatest(
            epoch(least(time, start_time + to_seconds($span_seconds))),
            epoch(start_time) + 20
        ) as span_end,
        case
            when lag(site) over in_order <> site
                then epoch(lag(start_time) over in_order)
        end as other_start
    from requests
    window in_order as (partition by account, device order by start_time, event_id)
),

-- starts never fall, so the latest one of another site is the greatest so far
marked as (
    select
        *,
        coalesce(
            epoch(start_time) - max(other_start) over so_far <= $embed_seconds,
            false
        ) as follows_another,
        coalesce(
            epoch(start_time) - max(span_end) over earlier > $joined_seconds,
            true
        ) as starts_visit
    from followed
    window
        so_far as (
            partition by account, device
            order by start_time, event_id
            rows between unbounded preceding and current row
        ),
        earlier as (
            partition by account, device, site
            order by start_time, event_id
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        count_if(starts_visit) over in_order as visit_number
    from marked
    window
        in_order as (
            partition by account, device, site
            order by start_time, event_id
        )
),

visits as (
    select
        account,
        person_id,
        device,
        site,
        visit_number,
        min(epoch(start_time)) as visit_start,
        max(span_end) as visit_end
    from numbered
    group by account, person_id, device, site, visit_number
),

on_duty as (
    select
        visits.account,
        visits.device,
        visits.site,
        visits.visit_number,
        max(
            least(visits.visit_end, epoch(duty.end_time))
            - greatest(visits.visit_start, epoch(duty.start_time))
        ) as duty_seconds
    from visits
    inner join duty
        on
            visits.person_id = duty.person_id
            and visits.visit_end > epoch(duty.start_time)
            and visits.visit_start < epoch(duty.end_time)
    group by visits.account, visits.device, visits.site, visits.visit_number
),

visit_sums as (
    select
        visits.account,
        visits.device,
        visits.site,
        count(*) as visit_count,
        max(visits.visit_end - visits.visit_start) as longest_seconds,
        sum(visits.visit_end - visits.visit_start) as total_seconds,
        sum(coalesce(on_duty.duty_seconds, 0)) as on_duty_seconds
    from visits
    left join on_duty
        on
            visits.account = on_duty.account
            and visits.device = on_duty.device
            and visits.site = on_duty.site
            and visits.visit_number = on_duty.visit_number
    group by visits.account, visits.device, visits.site
),

labels as (
    select
        url_hostname,
        array_to_string(list_sort(list_distinct(list(category))), ', ') as categories,
        max(case when is_non_work then source_count else 0 end) as non_work_sources
    from categories
    group by url_hostname
),

-- approval of any of its hosts speaks for the site; a denial decides
strictness as (
    select
        verdict,
        case verdict
            when 'denied' then 1
            when 'approved' then 2
            when 'undecidable' then 3
            when 'approved_other_role' then 4
            when 'lapsed' then 5
            when 'not_yet' then 6
            else 7
        end as place
    from verdicts
    group by verdict
),

judged as (
    select
        requests.account,
        requests.device,
        requests.site,
        verdicts.verdict,
        verdicts.entry_id,
        strictness.place,
        labels.non_work_sources,
        labels.categories
    from requests
    inner join verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
    inner join strictness on verdicts.verdict = strictness.verdict
    left join labels on requests.url_hostname = labels.url_hostname
),

-- of two entries that say the same the first by its id is cited, in every build
stricter as (
    select
        account,
        device,
        site,
        verdict,
        entry_id,
        max(non_work_sources) over of_site as non_work_sources,
        max(categories) over of_site as categories
    from judged
    window of_site as (partition by account, device, site)
    qualify
        row_number() over (
            partition by account, device, site
            order by place, coalesce(entry_id, ''), verdict
        ) = 1
),

request_sums as (
    select
        account,
        person_id,
        is_staff,
        device,
        site,
        max(device_class) as device_class,
        bool_or(is_district_device) as is_district_device,
        min(building) as building,
        max(attribution_grade) as attribution_grade,
        min(start_time) as start_time,
        max(span_end) as last_end,
        count(*) as request_count,
        count_if(is_page)::bigint as page_count,
        sum(bytes_in) as bytes_in,
        max(bytes_in) as largest_bytes,
        avg(case when follows_another then 1.0 else 0.0 end) as embed_share,
        avg(case when is_live then 1.0 else 0.0 end) as live_share,
        bool_or(has_seat_log) as has_seat_log,
        list_sort(list(event_id)) as evidence
    from numbered
    group by account, person_id, is_staff, device, site
)

select
    request_sums.account,
    request_sums.person_id,
    request_sums.is_staff,
    request_sums.device,
    request_sums.device_class,
    request_sums.is_district_device,
    request_sums.building,
    request_sums.site,
    stricter.verdict,
    stricter.entry_id,
    request_sums.attribution_grade,
    request_sums.start_time,
    to_timestamp(request_sums.last_end) as end_time,
    visit_sums.longest_seconds,
    visit_sums.total_seconds,
    visit_sums.on_duty_seconds,
    visit_sums.visit_count,
    request_sums.request_count,
    request_sums.page_count,
    request_sums.bytes_in::bigint as bytes_in,
    request_sums.largest_bytes,
    request_sums.embed_share,
    request_sums.live_share,
    request_sums.has_seat_log,
    stricter.categories,
    coalesce(stricter.non_work_sources, 0) as non_work_sources,
    request_sums.evidence,
    $event_date::date as event_date
from request_sums
inner join visit_sums
    on
        request_sums.account = visit_sums.account
        and request_sums.device = visit_sums.device
        and request_sums.site = visit_sums.site
inner join stricter
    on
        request_sums.account = stricter.account
        and request_sums.device = stricter.device
        and request_sums.site = stricter.site
