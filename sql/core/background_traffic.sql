/* ---
summary: >
  Hosts that devices contacted while their screen was locked and no one was there, with
  the number of locked intervals of that day. These hosts cause automatic traffic in
  this district.
grain: [url_hostname, event_date]
params:
  event_date: {type: date}
  locked_minutes:
    type: int
    default: 30
    min: 1
    max: 600
    unit: minutes
    why: what a person had just opened may still be loading at first
columns:
  url_hostname: {type: varchar, is: host}
  talking_count: {type: bigint, is: locked stretches in which it was talked to}
  page_count: {type: bigint, is: 'of them, those in which it sent an HTML document'}
  locked_count: {type: bigint, is: locked stretches of the day with any traffic}
  event_date: {type: date, is: local day}
--- */
with

requests as (
    select
        account,
        device,
        start_time,
        url_hostname,
        is_page
    from core.candidate_requests
    where event_date = $event_date::date
),

sessions as (
    select
        account,
        device,
        start_time,
        end_time
    from core.presences
    where
        event_date = $event_date::date
        and state = 'locked'
        and epoch(end_time) - epoch(start_time) >= 60 * $locked_minutes
),

talked as (
    select
        requests.url_hostname,
        sessions.account,
        sessions.device,
        sessions.start_time,
        bool_or(requests.is_page) as has_page
    from requests
    inner join sessions
        on
            requests.account = sessions.account
            and requests.device = sessions.device
            and requests.start_time > sessions.start_time + interval 2 minute
            and requests.start_time < sessions.end_time - interval 1 minute
    group by all
),

stretches as (
    select distinct
        account,
        device,
        start_time
    from talked
),

total as (
    select count(*) as locked_count
    from stretches
)

select
    talked.url_hostname,
    count(*) as talking_count,
    count_if(talked.has_page)::bigint as page_count,
    max(total.locked_count) as locked_count,
    $event_date::date as event_date
from talked
cross join total
group by talked.url_hostname
