/* ---
summary: >
  When people used sites, by local hour and building, over all accounts: the time of
  their visits, so that the hours of a day add up to the time on its sites. No account
  is named.
grain: [event_date, hour, building]
params:
  event_date: {type: date}
  zone: {type: varchar}
columns:
  event_date: date
  hour: {type: bigint, is: local hour}
  building: {type: varchar, is: building of the network; elsewhere without one}
  account_count: {type: bigint, is: accounts}
  minutes: {type: double, is: estimated minutes of all accounts}
--- */
with

spans as (
    select
        account,
        coalesce(building, 'elsewhere') as building,
        unnest(spans) as span
    from core.site_use
    where event_date = $event_date::date
),

-- clocks of all zones change at a quarter of an hour
quarters as (
    select
        account,
        building,
        span,
        unnest(
            range(floor(span.began / 900)::bigint, ceil(span.ended / 900)::bigint)
        ) as quarter
    from spans
),

timed as (
    select
        account,
        building,
        hour(timezone($zone, to_timestamp(quarter * 900))) as hour,
        least(span.ended, (quarter + 1) * 900)
        - greatest(span.began, quarter * 900) as seconds
    from quarters
)

select
    $event_date::date as event_date,
    hour,
    building,
    count(distinct account) as account_count,
    round(sum(seconds) / 60, 3) as minutes
from timed
group by hour, building
