/* ---
summary: >
  Time of each off-duty interval on external sites, and on sites known to be non-work. A
  site is external if no approval applies to the account on the day; a host that serves
  another site counts as that one; sensitive sites are left out. A request counts until
  the next one to such a site, three minutes at most, the last for twenty seconds: an
  open tunnel shows no reader. One or two requests to a non-work site are another page's
  embed, and do not count. A site that one list alone calls games or file sharing counts
  as non-work when no lesson can be: on a day on which the building is closed, before
  dawn or late, if no student and few colleagues use it within two weeks.
grain: [account, device, start_time]
lookback: 13
lookahead: 13
params:
  event_date: {type: date}
  zone: {type: varchar}
  first_hour:
    type: double
    default: 6.5
    min: 0
    max: 12
    unit: hours
    why: no one prepares a lesson with a game before dawn
  last_hour:
    type: double
    default: 21.5
    min: 12
    max: 24
    unit: hours
    why: nor late in the evening
  colleagues:
    type: int
    default: 3
    min: 1
    max: 1000
    why: this many who use a site on duty may use it for their lessons
  reading_seconds:
    type: int
    default: 180
    min: 20
    max: 1800
    unit: seconds
    why: no longer is shown to be read after a request, as commercial reporters count
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are an embed or a preview, not use
by_account:
  - core.engaged_requests
  - core.host_services
  - core.off_duty_intervals
  - core.site_standing
  - core.site_verdicts
columns:
  account: varchar
  device: varchar
  start_time: {type: timestamptz, is: start of the interval}
  external_seconds: {type: double, is: on external sites}
  non_work_seconds: {type: double, is: on sites that a list calls non-work}
  list_count: {type: bigint, is: most lists agreeing on one non-work category}
  sites: {type: 'varchar[]', is: external sites}
  non_work_sites: {type: 'varchar[]', is: non-work sites among them}
  evidence: {type: 'bigint[]', is: the requests to external sites}
  served: {type: 'varchar[]', pii: indirect, is: 'hosts that serve them, and source'}
  spans:
    type: 'struct(began double, ended double)[]'
    pii: indirect
    is: 'when external sites were in use, in seconds since 1970'
  non_work_spans:
    type: 'struct(began double, ended double)[]'
    pii: indirect
    is: the same of non-work sites
  event_date: {type: date, is: local day on which the interval starts}
--- */
with

cited as (
    select
        account,
        device,
        start_time as stretch_start,
        is_closed_day(day_type)
        or hour(timezone($zone, start_time)) + minute(timezone($zone, start_time)) / 60
        not between $first_hour and $last_hour as is_no_lesson,
        unnest(requests) as event_id
    from core.off_duty_intervals
    where event_date = $event_date::date
),

lessons as (
    select
        site,
        user_key,
        bool_or(is_student) as is_student
    from core.lesson_use
    where
        event_date between $event_date::date - interval 13 day
        and $event_date::date + interval 13 day
    group by site, user_key
),

lesson_sites as (
    select site
    from lessons
    group by site
    having bool_or(is_student) or count(*) >= $colleagues
),

requests as (
    select *
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

services as (
    select *
    from core.host_services
    where
        event_date between $event_date::date and $event_date::date + interval 1 day
),

standing as (
    select *
    from core.site_standing
    where
        event_date between $event_date::date and $event_date::date + interval 1 day
),

labels as (
    select
        url_hostname,
        max(case when is_non_work then source_count else 0 end) as list_count,
        bool_or(is_doubtful) as is_doubtful,
        -- of a way around the filter the tool is what counts
        coalesce(bool_or(is_sensitive), false)
        and not bool_or(category = 'circumvention') as is_sensitive
    from core.host_categories
    where
        event_date between $event_date::date and $event_date::date + interval 1 day
    group by url_hostname
),

judged as (
    select
        cited.account,
        cited.device,
        cited.stretch_start,
        cited.event_id,
        case when services.source <> 'own' then services.service else requests.site end
            as site,
        epoch(requests.start_time) as started,
        case
            when services.source <> 'own' then standing.verdict
            else verdicts.verdict
        end as verdict,
        case
            when services.source <> 'own' then coalesce(standing.non_work_sources, 0)
            when
                labels.is_doubtful
                and cited.is_no_lesson
                and requests.site not in (
                    select lesson_sites.site
                    from lesson_sites
                )
                then greatest(labels.list_count, 1)
            else coalesce(labels.list_count, 0)
        end as list_count,
        coalesce(
            case
                when services.source <> 'own' then standing.is_sensitive
                else labels.is_sensitive or standing.is_sensitive
            end,
            false
        ) as is_sensitive,
        standing.served
    from cited
    inner join requests on cited.event_id = requests.event_id
    inner join verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    left join labels on requests.url_hostname = labels.url_hostname
    left join services
        on
            requests.account = services.account
            and requests.url_hostname = services.url_hostname
            and requests.event_date = services.event_date
    left join standing
        on
            requests.account = standing.account
            and coalesce(services.service, requests.site) = standing.site
            and requests.event_date = standing.event_date
),

external as (
    select *
    from judged
    where is_external(verdict) and not is_sensitive
),

marked as (
    select
        *,
        coalesce(
            started - lag(started) over of_site > $reading_seconds, true
        )::int as is_first
    from external
    window
        of_site as (
            partition by account, device, stretch_start, site
            order by started, event_id
        )
),

visits as (
    select
        *,
        sum(is_first) over (
            partition by account, device, stretch_start, site
            order by started, event_id
        ) as visit
    from marked
),

-- a page of an approved site may embed a feed or a film
used as (
    select * exclude (is_first, visit)
    from visits
    qualify
        list_count = 0
        or count(*) over (
            partition by account, device, stretch_start, site, visit
        ) >= $requests
),

-- each request once for all external sites, once more for the non-work ones alone
told_apart as (
    select
        *,
        false as is_non_work_only
    from used
    union all
    select
        *,
        true as is_non_work_only
    from used
    where list_count > 0
),

timed as (
    select
        *,
        least(
            coalesce(lead(started) over in_order - started, 20), $reading_seconds
        ) as seconds
    from told_apart
    window
        in_order as (
            partition by is_non_work_only, account, device, stretch_start
            order by started, event_id
        )
)

select
    account,
    device,
    stretch_start as start_time,
    sum(seconds) filter (where not is_non_work_only)::double as external_seconds,
    coalesce(sum(seconds) filter (where is_non_work_only), 0)::double
        as non_work_seconds,
    max(list_count) as list_count,
    sorted_values(site) as sites,
    sorted_set(
        coalesce(list(site) filter (where list_count > 0), []::varchar[])
    ) as non_work_sites,
    list_sort(list(event_id) filter (where not is_non_work_only)) as evidence,
    sorted_set(flatten(list(coalesce(served, []::varchar[])))) as served,
    list_sort(
        list(
            struct_pack(
                began := started::double, ended := (started + seconds)::double
            )
        ) filter (where not is_non_work_only)
    ) as spans,
    list_sort(
        coalesce(
            list(
                struct_pack(
                    began := started::double, ended := (started + seconds)::double
                )
            ) filter (where is_non_work_only),
            []
        )
    ) as non_work_spans,
    $event_date::date as event_date
from timed
group by account, device, stretch_start
