/* ---
summary: >
  An account's use of one site on one device and day, with the hosts that serve it: its
  visits added up, what the district and the lists say of the site, how the account is
  known, and whether the site's requests look like use or like something that other
  pages embed.
grain: [account, device, site, event_date]
params:
  event_date: {type: date}
by_account:
  - core.engaged_requests
  - core.host_services
  - core.site_standing
  - core.site_visits
columns:
  account: varchar
  person_id: varchar
  is_staff: boolean
  device: varchar
  device_class: varchar
  is_district_device: boolean
  building: varchar
  site: core.site_visits
  verdict: varchar
  entry_id: varchar
  attribution_grade: {type: varchar, is: the weakest grade of the requests}
  start_time: core.site_visits
  end_time: timestamptz
  longest_seconds: {type: double, is: 'longest visit that the logs show'}
  total_seconds: {type: double, is: all visits}
  on_duty_seconds: double
  visit_count: {type: bigint, is: visits}
  request_count: bigint
  page_count: {type: bigint, is: HTML documents among them}
  bytes_in: {type: bigint, is: bytes received}
  largest_bytes: bigint
  embed_share: {type: double, is: share of requests right after another site's}
  live_share: {type: double, is: share of requests with a live keyboard}
  is_live_known: {type: boolean, is: the device writes logons}
  categories: varchar
  non_work_sources: bigint
  is_well_known: boolean
  is_sensitive: boolean
  is_work_system: core.site_standing
  served: varchar[]
  evidence: bigint[]
  attribution_evidence: {type: 'bigint[]', is: leases and logons that identify it}
  spans: struct(began double, ended double)[]
  event_date: date
--- */
with

requests as (
    select
        engaged.* replace (coalesce(services.service, engaged.site) as site),
        coalesce(services.source = 'page', false) as is_embed
    from core.engaged_requests as engaged
    left join core.host_services as services
        on
            engaged.account = services.account
            and engaged.url_hostname = services.url_hostname
            and engaged.event_date = services.event_date
    where
        engaged.event_date = $event_date::date
        and engaged.site is not null
        -- use that its holder may have made counts against no one
        and not coalesce(engaged.is_user_unknown, false)
),

visits as (
    select
        account,
        device,
        site,
        max(end_time) as end_time,
        max(active_seconds) as longest_seconds,
        sum(active_seconds) as total_seconds,
        sum(on_duty_seconds) as on_duty_seconds,
        count(*) as visit_count,
        sum(followed_count) / sum(request_count) as embed_share,
        list_sort(flatten(list(spans))) as spans
    from core.site_visits
    where event_date = $event_date::date
    group by account, device, site
),

standing as (
    select *
    from core.site_standing
    where event_date = $event_date::date
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
        count(*) as request_count,
        count_if(is_page and not is_embed)::bigint as page_count,
        sum(bytes_in) as bytes_in,
        -- content that a page embeds may be large; its arrival shows nothing about the
        -- page
        max(bytes_in) filter (where not is_embed) as largest_bytes,
        avg(case when is_live then 1.0 else 0.0 end) as live_share,
        bool_or(is_live_known) as is_live_known,
        list_sort(list(event_id)) as evidence,
        sorted_set(
            list(binding_event_id) || list(session_event_id)
        ) as attribution_evidence
    from requests
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
    standing.verdict,
    standing.entry_id,
    request_sums.attribution_grade,
    request_sums.start_time,
    visits.end_time,
    visits.longest_seconds,
    visits.total_seconds,
    visits.on_duty_seconds,
    visits.visit_count,
    request_sums.request_count,
    request_sums.page_count,
    request_sums.bytes_in::bigint as bytes_in,
    request_sums.largest_bytes,
    visits.embed_share,
    request_sums.live_share,
    request_sums.is_live_known,
    standing.categories,
    standing.non_work_sources,
    standing.is_well_known,
    standing.is_sensitive,
    standing.is_work_system,
    standing.served,
    request_sums.evidence,
    request_sums.attribution_evidence,
    visits.spans,
    $event_date::date as event_date
from request_sums
inner join visits
    on
        request_sums.account = visits.account
        and request_sums.device = visits.device
        and request_sums.site = visits.site
inner join standing
    on
        request_sums.account = standing.account
        and request_sums.site = standing.site
