/* ---
summary: >
  How much a person used an account in an hour, to the extent that logs show it, and on
  what kind of day at its building. A site counts if a page, or as many bytes as a page
  has, came from it, so embedded content and trackers do not count.
grain: [account, hour]
params:
  event_date: {type: date}
  zone: {type: varchar}
  page_bytes:
    type: int
    default: 45000
    min: 1000
    max: 10000000
    unit: bytes
    why: separates a page from a feed that another page embeds
by_account: [core.engaged_requests]
columns:
  account: core.engaged_requests
  is_staff: core.engaged_requests
  peer_group: {type: varchar, is: 'role and building of the owner'}
  day_type: {type: varchar, is: kind of day at the owner's building}
  hour: {type: timestamptz, is: full hour}
  local_bin: {type: bigint, is: 'two hours of the local day, 0 to 11'}
  request_count: {type: bigint, is: engaged requests}
  site_count: {type: bigint, is: sites that were read}
  reached_count: {type: bigint, is: 'sites that were reached, whatever came'}
  megabytes: {type: double, is: MB received}
  minute_count: {type: bigint, is: minutes of the hour with a request}
  evidence: {type: 'bigint[]', is: the first five and the largest requests}
  event_date: date
--- */
with

requests as (
    select *
    from core.engaged_requests
    where event_date = $event_date::date
),

accounts as (
    select
        account,
        is_staff,
        role,
        home_building
    from identity.accounts
    where event_date = $event_date::date
),

calendar as (
    select
        building,
        min(day_type) as day_type
    from registry.calendar_days
    where date = $event_date::date
    group by building
),

hours as (
    select
        account,
        local_hour(start_time, $zone, $event_date::date) as hour,
        count(*) as request_count,
        count(distinct site) filter (where is_page or bytes_in >= $page_bytes)
            as site_count,
        count(distinct site) as reached_count,
        sum(bytes_in) / 1000000.0 as megabytes,
        count(distinct time_bucket(interval 1 minute, start_time)) as minute_count,
        sorted_set(
            list_slice(list_sort(list(event_id)), 1, 5)
            || [max_by(event_id, (bytes_in, event_id))]
        ) as evidence
    from requests
    group by account, local_hour(start_time, $zone, $event_date::date)
)

select
    hours.account,
    accounts.is_staff,
    coalesce(accounts.role, '-') || ' at ' || coalesce(accounts.home_building, '-')
        as peer_group,
    coalesce(
        calendar.day_type,
        case
            when (date_diff('day', date '2000-01-03', $event_date::date) % 7) >= 5
                then 'weekend'
            else 'weekday'
        end
    ) as day_type,
    hours.hour,
    (hour(timezone($zone, hours.hour)) // 2)::bigint as local_bin,
    hours.request_count,
    hours.site_count,
    hours.reached_count,
    hours.megabytes,
    hours.minute_count,
    hours.evidence,
    $event_date::date as event_date
from hours
inner join accounts on hours.account = accounts.account
left join calendar on accounts.home_building = calendar.building
