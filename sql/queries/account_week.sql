/* ---
summary: An account's use of sites in the seven days from a day.
grain: [event_date, site]
params:
  account: {type: varchar}
  first: {type: date}
columns:
  event_date: {type: date, is: local day}
  site: {type: varchar, is: registrable domain}
  devices: {type: varchar, pii: indirect, is: devices it was used on}
  verdict: {type: varchar, is: the list's decision}
  minutes: {type: double, is: estimated minutes}
  on_duty_minutes: {type: double, is: 'of these inside duty, at least'}
  request_count: {type: bigint, is: engaged requests}
--- */
select
    event_date,
    site,
    string_agg(distinct device, ', ' order by device) as devices,
    string_agg(distinct verdict, ', ' order by verdict) as verdict,
    round(sum(total_seconds) / 60, 1) as minutes,
    round(sum(on_duty_seconds) / 60, 1) as on_duty_minutes,
    sum(request_count)::bigint as request_count
from core.site_use
where
    account = $account
    and event_date between $first::date and $first::date + interval 6 day
group by event_date, site
order by event_date, minutes desc, site
