/* ---
title: Requests by building and hour
summary: Web requests in each building and hour of a week, all days together.
grain: [building, hour, account]
params:
  first: {type: date}
chart: {draws: heat map, across: hour, by: building, value: requests}
columns:
  building: {type: varchar, is: building of the network}
  hour: {type: bigint, is: hour of the local day}
  account: {type: varchar, pii: direct, is: account of the requests; null if unknown}
  requests: {type: bigint, is: requests}
--- */
select
    building,
    date_part('hour', time) as hour,
    account,
    count(*) as requests
from core.http_requests
where
    building is not null
    and event_date between $first::date and $first::date + interval 6 day
group by building, hour, account
order by building, hour, account
