/* ---
summary: >
  Requests that a person could have caused: allowed, made as a person's account,
  large enough to be content, from a device that people use, to a host that is
  not a background service. A request that two logs contain counts once: by the log with
  the better grade of attribution. Requests at regular intervals are marked: a person's
  gaps and sizes vary, a timer's do not. Of a service that the district's list denies,
  data calls count too, as those of a chat, if neither their gaps nor their answers are
  even, as those of a tab that polls are.
grain: [event_id]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  zone: {type: varchar}
  tunnel_bytes:
    type: int
    default: 6000
    min: 0
    max: 100000
    unit: bytes
    why: a TLS handshake with its certificates takes 4 to 6 kB; below no content came
  copy_seconds:
    type: int
    default: 300
    min: 0
    max: 600
    unit: seconds
    why: >-
      a log's clock may be minutes off, and a copy within a visit's pause would lengthen
      the visit; Windows domains refuse a difference of more than five minutes
  gap_spread:
    type: double
    default: 0.06
    min: 0
    max: 1
    why: a timer's gaps vary by a few percent of their median, a person's by half
  size_spread:
    type: double
    default: 0.15
    min: 0
    max: 1
    why: a poll answers with almost the same bytes each time
by_account: [core.http_requests]
columns:
  event_id: bigint
  account: varchar
  person_id: varchar
  is_staff: boolean
  job_title: varchar
  attribution_grade: {type: varchar, is: 'A, B or C'}
  is_given: core.http_requests
  is_user_unknown: core.http_requests
  device: varchar
  device_class: varchar
  device_pool: varchar
  device_owner: {type: varchar, pii: indirect, is: person the device is assigned to}
  is_district_device: {type: boolean, is: district property}
  binding_event_id: {type: bigint, is: the lease that identifies the device}
  device_basis: {type: varchar, is: source of the device}
  building: varchar
  campus: varchar
  lat: double
  lon: double
  net_kind: varchar
  has_location: {type: boolean, is: the network identifies the building}
  start_time: timestamptz
  time: {type: timestamptz, is: when it ended}
  is_ambiguous_time: boolean
  url_hostname: varchar
  site: {type: varchar, is: registrable domain}
  bytes_in: bigint
  is_page: {type: boolean, is: an HTML document}
  is_machine_timed: {type: boolean, is: one of a series at even intervals and sizes}
  event_date: {type: date, is: local day}
--- */
with

-- what is compared; the other columns are read again for the requests that remain
asked as (
    select
        event_id,
        source,
        account,
        device,
        attribution_grade,
        start_time,
        url_hostname,
        coalesce(bytes_in, 0) as bytes_in,
        coalesce(
            (method = 'CONNECT' and bytes_in >= $tunnel_bytes)
            or content_type = 'text/html'
            or content_type like 'video/%',
            false
        ) as is_content,
        coalesce(content_type like '%json%' and bytes_in >= $tunnel_bytes, false)
            as is_data,
        event_date
    from core.http_requests
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and account_type = 'person'
        and disposition = 'allowed'
        and device is not null
        and url_hostname is not null
        -- a task on a server under a person's name is not a person at a keyboard
        and coalesce(device_class not in ('server', 'signage'), true)
        and net_kind is distinct from 'server'
        -- a private phone: an unlisted device on a network for such devices, or with a
        -- card that changes
        and (
            device_class is not null
            or not (
                coalesce(net_kind in ('byod', 'guest', 'nat'), false)
                or is_random_card(device)
            )
        )
),

denied as (
    select pattern
    from registry.approved_sites
    where
        match = 'deny'
        and role is distinct from 'student'
        and $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

denied_hosts as (
    select distinct hosts.url_hostname
    from (select distinct asked.url_hostname from asked where asked.is_data) as hosts
    inner join denied
        on
            hosts.url_hostname = denied.pattern
            or ends_with(hosts.url_hostname, '.' || denied.pattern)
),

spaced_calls as (
    select
        asked.event_id,
        asked.source,
        asked.account,
        asked.device,
        asked.url_hostname,
        asked.bytes_in,
        asked.event_date,
        epoch(asked.start_time) - epoch(lag(asked.start_time) over to_one_host) as gap
    from asked
    inner join denied_hosts on asked.url_hostname = denied_hosts.url_hostname
    where asked.is_data
    window
        to_one_host as (
            partition by
                asked.source,
                asked.account,
                asked.device,
                asked.url_hostname,
                asked.event_date
            order by asked.start_time, asked.event_id
        )
),

-- what a person writes to a service is answered at length or briefly; a program that
-- asks for news gets the same each time, or asks at even intervals
calls as (
    select unnest(list(event_id)) as event_id
    from spaced_calls
    group by source, account, device, url_hostname, event_date
    having
        count(*) >= 4
        and middle_deviation(list(bytes_in)) >= $size_spread * median(bytes_in)
        and middle_deviation(list(gap)) >= $gap_spread * median(gap)
),

requests as (
    select
        asked.* exclude (is_content, is_data),
        asked.is_content or calls.event_id is not null as is_content
    from asked
    left join calls on asked.event_id = calls.event_id
),

background as (
    select url_hostname
    from identity.hosts
    where background_kind is not null
),

-- of the neighboring days only the hours that a series at midnight needs
around as (
    select requests.*
    from requests
    left join background on requests.url_hostname = background.url_hostname
    where
        background.url_hostname is null
        and (
            requests.event_date = $event_date::date
            or requests.start_time
            between timezone($zone, $event_date::timestamp) - interval 3 hour
            and timezone($zone, $event_date::timestamp + interval 1 day)
            + interval 3 hour
        )
),

-- a number is compared faster than three names
series as (
    select
        account,
        device,
        url_hostname,
        row_number() over (order by account, device, url_hostname) as series
    from around
    group by account, device, url_hostname
),

numbered as (
    select
        around.event_id,
        around.source,
        series.series,
        around.attribution_grade,
        around.start_time,
        around.bytes_in,
        around.is_content,
        around.event_date
    from around
    inner join series
        on
            around.account = series.account
            and around.device = series.device
            and around.url_hostname = series.url_hostname
),

logs as (
    select
        source,
        count(*) as request_count
    from numbered
    where is_content
    group by source
),

-- of two logs that contain requests to one host, the one that counts; if they contain
-- as many, the larger log, so that the visits of a day follow one clock
counted_log as (
    select
        numbered.series,
        numbered.source
    from numbered
    inner join logs on numbered.source = logs.source
    where numbered.is_content
    group by numbered.series, numbered.source, logs.request_count
    qualify
        count(*) over (partition by numbered.series) > 1
        and row_number() over (
            partition by numbered.series
            order by
                min(numbered.attribution_grade),
                count(*) desc,
                logs.request_count desc,
                numbered.source
        ) = 1
),

-- the time of its requests before and after each of the others
nearest as (
    select
        numbered.event_id,
        numbered.start_time,
        numbered.source = counted_log.source as is_counted,
        max(numbered.start_time) filter (
            where numbered.source = counted_log.source and numbered.is_content
        ) over before_it as last_time,
        min(numbered.start_time) filter (
            where numbered.source = counted_log.source and numbered.is_content
        ) over after_it as next_time
    from numbered
    inner join counted_log on numbered.series = counted_log.series
    window
        before_it as (
            partition by numbered.series
            order by numbered.start_time
            range between unbounded preceding and current row
        ),
        after_it as (
            partition by numbered.series
            order by numbered.start_time
            range between current row and unbounded following
        )
),

copies as (
    select event_id
    from nearest
    where
        not is_counted
        and (
            start_time - last_time <= to_seconds($copy_seconds)
            or next_time - start_time <= to_seconds($copy_seconds)
        )
),

near as (
    select
        event_id,
        series,
        start_time,
        bytes_in,
        is_content,
        event_date
    from numbered
    anti join copies on numbered.event_id = copies.event_id
),

contents as (
    select
        series,
        count(*) as request_count,
        min(bytes_in) as least_bytes
    from near
    where is_content
    group by series
),

in_band as (
    select
        near.event_id,
        near.series,
        near.start_time,
        near.bytes_in,
        near.is_content,
        contents.request_count
    from near
    inner join contents on near.series = contents.series
    where near.is_content or near.bytes_in * 2 >= contents.least_bytes
),

mixed as (
    select series
    from in_band
    group by series
    having count(*) >= 5 and not bool_and(is_content)
),

-- answers of a timer that are now above what counts as content, now a little below,
-- are one series: the few above would not look even. For fewer than five no median
-- has to be taken
in_series as (
    select
        *,
        false as is_parted
    from in_band
    where is_content and request_count >= 5
    union all
    select
        in_band.*,
        true as is_parted
    from in_band
    semi join mixed on in_band.series = mixed.series
),

spaced as (
    select
        *,
        epoch(start_time) - epoch(lag(start_time) over to_one_host) as gap
    from in_series
    window
        to_one_host as (
            partition by is_parted, series
            order by start_time, event_id
        )
),

-- a median over a window of rows takes three times as long as one of a list
measured as (
    select
        *,
        count(gap) over nearby as gap_count,
        list_median(list(gap) over nearby) as middle_gap,
        list_median(list(bytes_in) over nearby) as middle_bytes
    from spaced
    window
        nearby as (
            partition by is_parted, series
            order by start_time, event_id
            rows between 3 preceding and 3 following
        )
),

-- most requests of a person follow each other within seconds
slow as (
    select *
    from measured
    qualify
        bool_or(gap_count >= 4 and middle_gap > 20) over (
            partition by is_parted, series
            order by start_time, event_id
            rows between 3 preceding and 3 following
        )
),

compared as (
    select
        *,
        list_median(list(abs(gap - middle_gap)) over nearby) as gap_deviation,
        list_median(list(abs(bytes_in - middle_bytes)) over nearby) as byte_deviation
    from slow
    window
        nearby as (
            partition by is_parted, series
            order by start_time, event_id
            rows between 3 preceding and 3 following
        )
),

timed as (
    select distinct event_id
    from compared
    where
        gap_count >= 4
        and middle_gap > 20
        and gap_deviation / middle_gap < $gap_spread
        and byte_deviation / greatest(middle_bytes, 1) < $size_spread
        -- a larger one came from a person, in addition to the timer
        and (not is_parted or bytes_in < (1 + $size_spread) * middle_bytes)
),

kept as (
    select
        near.event_id,
        timed.event_id is not null as is_machine_timed
    from near
    left join timed on near.event_id = timed.event_id
    where near.is_content and near.event_date = $event_date::date
)

select
    requests.event_id,
    requests.account,
    requests.person_id,
    requests.is_staff,
    requests.job_title,
    requests.attribution_grade,
    requests.is_given,
    requests.is_user_unknown,
    requests.device,
    requests.device_class,
    requests.device_pool,
    requests.device_owner,
    requests.is_district_device,
    requests.binding_event_id,
    requests.device_basis,
    requests.building,
    requests.campus,
    requests.lat,
    requests.lon,
    requests.net_kind,
    requests.has_location,
    requests.start_time,
    requests.time,
    requests.is_ambiguous_time,
    requests.url_hostname,
    requests.site,
    coalesce(requests.bytes_in, 0) as bytes_in,
    coalesce(requests.content_type = 'text/html', false) as is_page,
    kept.is_machine_timed,
    requests.event_date
from core.http_requests as requests
inner join kept on requests.event_id = kept.event_id
where requests.event_date = $event_date::date
