/* ---
summary: >
  Who used a site that one list alone calls non-work in a way that may be a lesson, on a
  day: a student's account, a device whose user is not known, or a
  colleague for minutes on duty. A glance of a colleague shows no lesson.
grain: [site, user_key, event_date]
params:
  event_date: {type: date}
  seconds:
    type: int
    default: 240
    min: 20
    max: 7200
    unit: seconds
    why: as long as use of a site must last to count
columns:
  site: {type: varchar, is: registrable domain}
  user_key:
    type: varchar
    pii: direct
    is: 'the account; otherwise the device or the address'
  is_student: {type: boolean, is: a student's account}
  event_date: {type: date, is: local day}
--- */
with

doubtful as (
    select
        categories.url_hostname,
        hosts.site
    from core.host_categories as categories
    inner join identity.hosts as hosts on categories.url_hostname = hosts.url_hostname
    where
        categories.event_date = $event_date::date
        and (
            categories.is_doubtful
            or (
                categories.is_non_work
                and categories.source_count = 1
                and not categories.is_well_known
            )
        )
        and hosts.site is not null
),

requests as (
    select
        url_hostname,
        account,
        device,
        src_ip,
        is_student
    from core.http_requests
    where event_date = $event_date::date and disposition = 'allowed'
),

uses as (
    select
        doubtful.site,
        coalesce(requests.account, requests.device, requests.src_ip) as user_key,
        coalesce(requests.is_student, false) as is_student
    from requests
    inner join doubtful on requests.url_hostname = doubtful.url_hostname
    where
        (requests.account is null or requests.is_student)
        and coalesce(requests.account, requests.device, requests.src_ip) is not null
    union all
    select
        site,
        account as user_key,
        false as is_student
    from core.site_visits
    where
        event_date = $event_date::date
        and site in (select doubtful.site from doubtful)
    group by account, site
    having sum(on_duty_seconds) >= $seconds
)

select
    site,
    user_key,
    bool_or(is_student) as is_student,
    $event_date::date as event_date
from uses
group by site, user_key
