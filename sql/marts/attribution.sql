/* ---
summary: >
  How well the requests of a day could be attributed, by building and grade. Guests,
  private phones, servers and screens are left out: no rule is about them.
grain: [event_date, building, grade]
params:
  event_date: {type: date}
columns:
  event_date: {type: date, is: local day}
  building: {type: varchar, is: building of the network; elsewhere without one}
  grade: {type: varchar, is: 'A, B, C or D'}
  request_count: {type: bigint, is: requests}
--- */
with

requests as (
    select
        building,
        attribution_grade
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and not is_outside_rules(net_kind, device_class, device, account)
)

select
    $event_date::date as event_date,
    coalesce(building, 'elsewhere') as building,
    attribution_grade as grade,
    count(*) as request_count
from requests
group by coalesce(building, 'elsewhere'), attribution_grade
