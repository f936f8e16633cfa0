/* ---
summary: >
  Web requests of a day by building and by what drove them: people, background
  services of devices, or unknown.
grain: [event_date, building, use_class]
params:
  event_date: {type: date}
columns:
  event_date: {type: date, is: local day}
  building: {type: varchar, is: building of the network; elsewhere without one}
  use_class: {type: varchar, is: 'people, background or unknown'}
  request_count: {type: bigint, is: requests}
  account_count: {type: bigint, is: accounts}
  site_count: {type: bigint, is: registrable domains}
  bytes_in: {type: bigint, is: bytes to clients}
--- */
with

requests as (
    select *
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and method is distinct from 'LOOKUP'
),

engaged as (
    select event_id
    from core.engaged_requests
    where event_date = $event_date::date
),

classed as (
    select
        requests.*,
        case
            when engaged.event_id is not null then 'people'
            when requests.attribution_grade = 'D' then 'unknown'
            else 'background'
        end as use_class
    from requests
    left join engaged on requests.event_id = engaged.event_id
)

select
    $event_date::date as event_date,
    coalesce(building, 'elsewhere') as building,
    use_class,
    count(*) as request_count,
    count(distinct account) as account_count,
    count(distinct site) as site_count,
    coalesce(sum(bytes_in), 0)::bigint as bytes_in
from classed
group by coalesce(building, 'elsewhere'), use_class
