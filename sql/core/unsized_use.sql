/* ---
summary: >
  Visits of staff to sites in a log without sizes or content types, if their
  rhythm differs from automatic traffic: uneven gaps, more requests than one page
  causes, requests to other sites around them, and more requests in ten minutes than
  devices send that site when they contact no other. A feed that a page embeds is
  requested within seconds of that page. The content of a page is unknown, so this use
  is never proven, and rules create leads from it at most. Look-ups of names count where
  no log of requests has the device in those ten minutes.
grain: [account, device, site, start_time]
params:
  event_date: {type: date}
  pause_seconds:
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
    why: embedded content is requested within seconds of the page
  alone_slots:
    type: int
    default: 5
    min: 1
    max: 1000
    why: fewer ten minutes of a site alone show no habit of it
columns:
  account: core.http_requests
  device: core.http_requests
  is_district_device: {type: boolean, is: district property}
  site: {type: varchar, is: registrable domain}
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: last request}
  seconds: {type: double, is: from the first request to the last}
  request_count: {type: bigint, is: requests}
  host_count: {type: bigint, is: hosts of the site}
  around_count: {type: bigint, is: other sites asked for meanwhile}
  live_share: {type: double, is: share of requests while the keyboard was in use}
  embed_share: {type: double, is: share of requests right after another site's}
  gap_spread: {type: double, is: 'how far gaps lie from their median, as a share of it'}
  in_ten_minutes: {type: double, is: requests in ten minutes}
  alone_in_ten_minutes:
    type: double
    is: 'what nine in ten devices ask it for in ten minutes, and for no other site'
  is_looked_up: {type: boolean, is: names that were looked up show it alone}
  attribution_grade: {type: varchar, is: A or C}
  evidence: {type: 'bigint[]', is: the first twenty requests}
  event_date: {type: date, is: local day}
--- */
with

asked as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.is_district_device,
        requests.attribution_grade,
        requests.url_hostname,
        requests.site,
        -- what can be part of a visit
        requests.bytes_in is null
        and requests.content_type is null
        and requests.is_staff
        and requests.account_type = 'person'
        and requests.attribution_grade in ('A', 'C')
        and not coalesce(requests.is_user_unknown, false)
        -- a mapping alone, of shared stock, may be of the user before
        and not (
            requests.attribution_facts = 'mapping'
            and requests.device_pool is not null
            and requests.attribution_grade = 'C'
        )
        -- a private phone, as for requests with sizes
        and (
            requests.device_class is not null
            or not (
                coalesce(requests.net_kind in ('byod', 'guest', 'nat'), false)
                or is_random_card(requests.device)
            )
        )
        -- names that a device of several people looked up are no one's in particular
        and (
            requests.method is distinct from 'LOOKUP'
            or (requests.attribution_grade = 'A' and requests.device_pool is null)
        )
        and coalesce(
            requests.device_class
            not in ('server', 'signage', 'phone_byod', 'vdi_host'),
            true
        ) as is_judged,
        coalesce(requests.method = 'LOOKUP', false) as is_looked_up,
        epoch(requests.start_time) as started,
        floor(epoch(requests.start_time) / 600)::bigint as slot
    from core.http_requests as requests
    left join identity.hosts as hosts on requests.url_hostname = hosts.url_hostname
    where
        requests.event_date = $event_date::date
        and requests.disposition = 'allowed'
        and requests.device is not null
        and requests.site is not null
        and hosts.background_kind is null
        and not is_bare_address(requests.site)
),

requests as (
    select *
    from asked
    where not is_looked_up
    union all
    select asked.*
    from asked
    anti join asked as others
        on
            asked.device = others.device
            and asked.slot = others.slot
            and not others.is_looked_up
    where asked.is_looked_up
),

-- ten minutes in which a device contacted one site and no other: no person browses that
-- way
alone as (
    select
        device,
        slot,
        min(site) as site,
        count(*) as request_count
    from requests
    group by device, slot
    having min(site) = max(site)
),

habits as (
    select
        site,
        quantile_cont(request_count, 0.9) as request_count
    from alone
    group by site
    having count(*) >= $alone_slots
),

-- a person at the keyboard of a device that logs its logons and locks
keyboards as (
    select
        account,
        device,
        epoch(start_time) as started,
        epoch(end_time) as ended
    from core.presences
    where
        event_date = $event_date::date and presence = 'keyboard' and state = 'live'
),

live as (
    select distinct requests.event_id
    from requests
    inner join keyboards
        on
            requests.account = keyboards.account
            and requests.device = keyboards.device
            and requests.started >= keyboards.started
            and requests.started < keyboards.ended
    where requests.is_judged
),

judged_devices as (
    select distinct device
    from requests
    where is_judged
),

-- most devices have no such request, and sorting all would take longer than all else
stepped as (
    select
        *,
        lag(site) over of_device as previous_site,
        started - lag(started) over of_device as since_previous,
        started - lag(started) over of_site as gap
    from requests
    semi join judged_devices on requests.device = judged_devices.device
    window
        of_device as (partition by device order by started, event_id),
        of_site as (partition by account, device, site order by started, event_id)
),

marked as (
    select
        *,
        coalesce(
            previous_site <> site and since_previous <= $embed_seconds, false
        ) as follows_another,
        count_if(coalesce(gap > $pause_seconds, true)) over (
            partition by account, device, site
            order by started, event_id
            rows between unbounded preceding and current row
        ) as visit
    from stepped
    where is_judged
),

visits as (
    select
        account,
        device,
        site,
        bool_and(coalesce(is_district_device, false)) as is_district_device,
        bool_or(is_looked_up) as is_looked_up,
        max(attribution_grade) as attribution_grade,
        min(started) as first_start,
        max(started) as last_start,
        count(*) as request_count,
        count(distinct url_hostname) as host_count,
        avg(follows_another::int) as embed_share,
        avg((event_id in (select live.event_id from live))::int) as live_share,
        median(gap) filter (where gap <= $pause_seconds) as middle_gap,
        list(gap) filter (where gap <= $pause_seconds) as gaps,
        list_slice(list_sort(list(event_id)), 1, 20) as evidence
    from marked
    group by account, device, site, visit
    having count(*) >= 3 and max(started) > min(started)
),

around as (
    select
        visits.account,
        visits.device,
        visits.site,
        visits.first_start,
        count(distinct others.site) as around_count
    from visits
    inner join requests as others
        on
            visits.device = others.device
            and visits.site <> others.site
            and others.started between visits.first_start - 300
            and visits.last_start + 300
    group by visits.account, visits.device, visits.site, visits.first_start
)

select
    visits.account,
    visits.device,
    visits.is_district_device,
    visits.site,
    to_timestamp(visits.first_start) as start_time,
    to_timestamp(visits.last_start) as end_time,
    (visits.last_start - visits.first_start)::double as seconds,
    visits.request_count,
    visits.host_count,
    coalesce(around.around_count, 0) as around_count,
    visits.live_share,
    visits.embed_share,
    list_median(
        list_transform(visits.gaps, lambda gap: abs(gap - visits.middle_gap))
    ) / greatest(visits.middle_gap, 1) as gap_spread,
    600.0 * visits.request_count
    / greatest(visits.last_start - visits.first_start, 600) as in_ten_minutes,
    habits.request_count as alone_in_ten_minutes,
    visits.is_looked_up,
    visits.attribution_grade,
    visits.evidence,
    $event_date::date as event_date
from visits
left join around
    on
        visits.account = around.account
        and visits.device = around.device
        and visits.site = around.site
        and visits.first_start = around.first_start
left join habits on visits.site = habits.site
