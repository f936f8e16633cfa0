/* ---
summary: >
  An account's visits to a site on one device and day, separated by pauses; hosts that
  serve the site are part of it. A visit lasts as long as requests show a person there:
  each request counts until the next, for three minutes at most, and the last for twenty
  seconds. A tunnel that is left open, or the time between two requests far apart, shows
  no reader and adds nothing.
grain: [account, device, site, start_time]
params:
  event_date: {type: date}
  span_seconds:
    type: int
    default: 300
    min: 30
    max: 1800
    unit: seconds
    why: a tunnel open longer than this after a request holds no visit together
  joined_seconds:
    type: int
    default: 180
    min: 10
    max: 1800
    unit: seconds
    why: the pause after which commercial reporters begin a new visit
  reading_seconds:
    type: int
    default: 180
    min: 20
    max: 1800
    unit: seconds
    why: no longer is shown to be read after a request, as commercial reporters count
  embed_seconds:
    type: int
    default: 5
    min: 1
    max: 30
    unit: seconds
    why: embedded content is requested within seconds of the page
by_account: [core.engaged_requests, core.host_services]
columns:
  account: varchar
  device: varchar
  site: {type: varchar, is: registrable domain of the service}
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: 20 s after the last request}
  active_seconds: {type: double, is: shown to be in use}
  on_duty_seconds: {type: double, is: 'of it inside duty, at least'}
  request_count: {type: bigint, is: engaged requests}
  followed_count: {type: bigint, is: 'of them, right after another site''s'}
  largest_bytes: {type: bigint, is: the largest single response}
  evidence: {type: 'bigint[]', is: the requests}
  spans:
    type: 'struct(began double, ended double)[]'
    pii: indirect
    is: 'when it was in use, in seconds since 1970'
  event_date: {type: date, is: local day}
--- */
with

requests as (
    select
        engaged.event_id,
        engaged.account,
        engaged.person_id,
        engaged.device,
        coalesce(services.service, engaged.site) as site,
        epoch(engaged.start_time) as started,
        -- content that a page embeds may be large; its arrival shows nothing about the
        -- page
        if(services.source = 'page', null, engaged.bytes_in) as bytes_in,
        greatest(
            epoch(least(engaged.time, engaged.start_time + to_seconds($span_seconds))),
            epoch(engaged.start_time) + 20
        ) as span_end
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

duty as (
    select
        person_id,
        epoch(start_time) as duty_start,
        epoch(end_time) as duty_end,
        breaks
    from core.duty
    where event_date = $event_date::date and kind is distinct from 'possible'
),

followed as (
    select
        *,
        case
            when lag(site) over in_order <> site then lag(started) over in_order
        end as other_started
    from requests
    window in_order as (partition by account, device order by started, event_id)
),

-- starts never fall, so the latest one of another site is the greatest so far
marked as (
    select
        *,
        coalesce(
            started - max(other_started) over so_far <= $embed_seconds,
            false
        ) as follows_another,
        coalesce(
            started - max(span_end) over earlier > $joined_seconds,
            true
        ) as starts_visit
    from followed
    window
        so_far as (
            partition by account, device
            order by started, event_id
            rows between unbounded preceding and current row
        ),
        earlier as (
            partition by account, device, site
            order by started, event_id
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        count_if(starts_visit) over in_order as visit_number,
        -- the last request of a visit has no next one
        least(
            coalesce(
                if(
                    lead(starts_visit) over in_order,
                    null,
                    lead(started) over in_order - started
                ),
                20
            ),
            $reading_seconds
        ) as reading
    from marked
    window
        in_order as (
            partition by account, device, site
            order by started, event_id
        )
),

visits as (
    select
        account,
        max(person_id) as person_id,
        device,
        site,
        visit_number,
        min(started) as first_start,
        max(started) + 20 as last_end,
        sum(reading) as active_seconds,
        count(*) as request_count,
        count_if(follows_another)::bigint as followed_count,
        max(bytes_in) as largest_bytes,
        list_sort(list(event_id)) as evidence,
        list_sort(
            list(
                struct_pack(
                    began := started::double, ended := (started + reading)::double
                )
            )
        ) as spans
    from numbered
    group by account, device, site, visit_number
),

-- time outside duty may all have been reading, so only the rest counts as on duty
inside as (
    select
        visits.account,
        visits.device,
        visits.site,
        visits.visit_number,
        max(
            visits.active_seconds - (visits.last_end - visits.first_start)
            + least(visits.last_end, duty.duty_end)
            - greatest(visits.first_start, duty.duty_start)
            - break_seconds(visits.first_start, visits.last_end, duty.breaks)
        ) as duty_seconds
    from visits
    inner join duty
        on
            visits.person_id = duty.person_id
            and visits.last_end > duty.duty_start
            and visits.first_start < duty.duty_end
    group by visits.account, visits.device, visits.site, visits.visit_number
)

select
    visits.account,
    visits.device,
    visits.site,
    to_timestamp(visits.first_start) as start_time,
    to_timestamp(visits.last_end) as end_time,
    visits.active_seconds::double as active_seconds,
    greatest(coalesce(inside.duty_seconds, 0), 0)::double as on_duty_seconds,
    visits.request_count,
    visits.followed_count,
    visits.largest_bytes,
    visits.evidence,
    visits.spans,
    $event_date::date as event_date
from visits
left join inside
    on
        visits.account = inside.account
        and visits.device = inside.device
        and visits.site = inside.site
        and visits.visit_number = inside.visit_number
