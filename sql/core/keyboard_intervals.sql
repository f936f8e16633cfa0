/* ---
summary: >
  Intervals of requests in a log without sizes or content types that follow a logon or
  an unlock at the keyboard of the device, by site. The keyboard shows a person at that
  moment; the requests begin within minutes and continue without a long pause. The
  content of a page is unknown, so rules create leads from it at most. Sites whose
  requests have even gaps, and requests within seconds of another site's, are left out.
grain: [account, device, start_time, site]
params:
  event_date: {type: date}
  pause_seconds:
    type: int
    default: 600
    min: 60
    max: 3600
    unit: seconds
    why: after a longer pause nothing shows that the person is still at the keyboard
  early_seconds:
    type: int
    default: 20
    min: 0
    max: 120
    unit: seconds
    why: the first page may be requested while the logon is still being written
  embed_seconds:
    type: int
    default: 5
    min: 1
    max: 30
    unit: seconds
    why: embedded content is requested within seconds of the page
  gap_spread:
    type: double
    default: 0.06
    min: 0
    max: 1
    why: >-
      a timer's gaps vary by a few percent of their median, or by the second to which
      stamps are cut; a person's by half
columns:
  account: core.http_requests
  person_id: core.http_requests
  device: core.http_requests
  device_owner: core.http_requests
  is_district_device: core.http_requests
  building: core.http_requests
  lat: core.http_requests
  lon: core.http_requests
  net_kind: core.http_requests
  has_location: core.http_requests
  start_time: {type: timestamptz, is: the logon or unlock}
  end_time: {type: timestamptz, is: last request of the interval}
  is_clock_checked: core.presences
  session_event_id: {type: bigint, is: the logon or unlock}
  binding_event_id: core.http_requests
  request_count: {type: bigint, is: requests of the interval}
  site_count: {type: bigint, is: sites of the interval}
  bin_count: {type: bigint, is: five-minute intervals of the interval}
  site: {type: varchar, is: registrable domain}
  site_requests: {type: bigint, is: requests to the site}
  site_bins: {type: bigint, is: five-minute intervals with requests to the site}
  evidence: {type: 'bigint[]', is: the first twenty requests to the site}
  event_date: {type: date, is: local day of the logon or unlock}
--- */
with

sessions as (
    select
        account,
        device,
        start_time,
        end_time,
        is_clock_checked,
        evidence_event_id,
        event_id
    from core.presences
    where
        event_date = $event_date::date
        and presence = 'keyboard'
        and state = 'live'
        and is_of_day
        and coalesce(logon_kind in ('interactive', 'cached'), true)
),

requests as (
    select
        requests.event_id,
        requests.account,
        requests.person_id,
        requests.device,
        requests.device_owner,
        requests.is_district_device,
        requests.building,
        requests.lat,
        requests.lon,
        requests.net_kind,
        requests.has_location,
        requests.binding_event_id,
        requests.site,
        requests.start_time,
        epoch(requests.start_time) as started
    from core.http_requests as requests
    left join identity.hosts as hosts on requests.url_hostname = hosts.url_hostname
    where
        requests.event_date
        between $event_date::date and $event_date::date + interval 1 day
        and requests.bytes_in is null
        and requests.content_type is null
        -- programs look names up at an open session too
        and requests.method is distinct from 'LOOKUP'
        and requests.disposition = 'allowed'
        and requests.is_staff
        and requests.account_type = 'person'
        and requests.attribution_grade = 'A'
        and not requests.is_ambiguous_time
        and requests.device is not null
        and requests.site is not null
        and coalesce(
            requests.device_class not in (
                'server', 'signage', 'phone_byod', 'vdi_host'
            ),
            true
        )
        and hosts.background_kind is null
        and not is_bare_address(requests.site)
),

-- each request in the session that began last
in_sessions as (
    select
        requests.*,
        sessions.start_time as session_start,
        sessions.is_clock_checked,
        sessions.evidence_event_id as session_event_id
    from requests
    inner join sessions
        on
            requests.account = sessions.account
            and requests.device = sessions.device
            and requests.start_time >= sessions.start_time - to_seconds($early_seconds)
            and requests.start_time < sessions.end_time
    qualify
        row_number() over (
            partition by requests.event_id
            order by sessions.start_time desc, sessions.event_id
        ) = 1
),

stepped as (
    select
        *,
        started - coalesce(
            lag(started) over in_order, epoch(session_start)
        ) as pause,
        coalesce(
            lag(site) over in_order <> site
            and started - lag(started) over in_order <= $embed_seconds,
            false
        ) as follows_another,
        started - lag(started) over of_site as gap
    from in_sessions
    window
        in_order as (
            partition by account, device, session_start order by started, event_id
        ),
        of_site as (
            partition by account, device, session_start, site
            order by started, event_id
        )
),

unbroken as (
    select *
    from stepped
    qualify
        max(pause) over (
            partition by account, device, session_start
            order by started, event_id
            rows between unbounded preceding and current row
        ) <= $pause_seconds
),

measured as (
    select
        *,
        count(gap) over of_site as gap_count,
        median(gap) over of_site as middle_gap
    from unbroken
    window of_site as (partition by account, device, session_start, site)
),

even as (
    select
        account,
        device,
        session_start,
        site
    from measured
    where gap_count >= 4
    group by account, device, session_start, site
    having
        median(abs(gap - middle_gap))
        <= greatest($gap_spread * min(middle_gap), 1)
),

uneven as (
    select measured.*
    from measured
    anti join even
        on
            measured.account = even.account
            and measured.device = even.device
            and measured.session_start = even.session_start
            and measured.site = even.site
    where not measured.follows_another
),

intervals as (
    select
        account,
        device,
        session_start,
        max(start_time) as end_time,
        count(*) as request_count,
        count(distinct site) as site_count,
        count(distinct floor(started / 300)) as bin_count
    from uneven
    group by account, device, session_start
)

select
    uneven.account,
    max(uneven.person_id) as person_id,
    uneven.device,
    max(uneven.device_owner) as device_owner,
    bool_and(coalesce(uneven.is_district_device, false)) as is_district_device,
    min(uneven.building) as building,
    min(uneven.lat) as lat,
    min(uneven.lon) as lon,
    min(uneven.net_kind) as net_kind,
    bool_and(coalesce(uneven.has_location, false)) as has_location,
    uneven.session_start as start_time,
    max(intervals.end_time) as end_time,
    bool_and(coalesce(uneven.is_clock_checked, false)) as is_clock_checked,
    min(uneven.session_event_id) as session_event_id,
    min(uneven.binding_event_id) as binding_event_id,
    max(intervals.request_count) as request_count,
    max(intervals.site_count) as site_count,
    max(intervals.bin_count) as bin_count,
    uneven.site,
    count(*) as site_requests,
    count(distinct floor(uneven.started / 300)) as site_bins,
    list_slice(list_sort(list(uneven.event_id)), 1, 20) as evidence,
    $event_date::date as event_date
from uneven
inner join intervals
    on
        uneven.account = intervals.account
        and uneven.device = intervals.device
        and uneven.session_start = intervals.session_start
group by uneven.account, uneven.device, uneven.session_start, uneven.site
