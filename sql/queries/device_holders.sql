/* ---
summary: Accounts in use on a device in the seven days from a given day.
grain: [event_date, account]
params:
  device: {type: varchar}
  first: {type: date}
columns:
  event_date: {type: date, is: local day}
  account: {type: varchar, pii: direct, is: account}
  weakest_grade: {type: varchar, is: weakest attribution grade}
  first_time: {type: timestamptz, is: first engaged request}
  last_time: {type: timestamptz, is: 20 s after the last}
  minutes: {type: double, is: estimated minutes}
  request_count: {type: bigint, is: engaged requests}
--- */
select
    event_date,
    account,
    max(attribution_grade) as weakest_grade,
    min(start_time) as first_time,
    max(end_time) as last_time,
    round(sum(active_seconds) / 60, 1) as minutes,
    sum(request_count)::bigint as request_count
from core.presence_blocks
where
    device = $device
    and event_date between $first::date and $first::date + interval 6 day
group by event_date, account
order by event_date, first_time, account
