/* ---
summary: Who used a site in the seven days from a day, and for how long.
grain: [event_date, account, device]
params:
  site: {type: varchar}
  first: {type: date}
columns:
  event_date: {type: date, is: local day}
  account: {type: varchar, pii: direct, is: account}
  device: {type: varchar, pii: indirect, is: device}
  building: {type: varchar, is: building}
  verdict: {type: varchar, is: the list's decision for this account}
  attribution_grade: {type: varchar, is: how sure the account is}
  minutes: {type: double, is: estimated minutes}
  first_time: {type: timestamptz, is: first use}
  last_time: {type: timestamptz, is: last use}
--- */
select
    event_date,
    account,
    device,
    min(building) as building,
    min(verdict) as verdict,
    max(attribution_grade) as attribution_grade,
    round(sum(total_seconds) / 60, 1) as minutes,
    min(start_time) as first_time,
    max(end_time) as last_time
from core.site_use
where
    site = $site
    and event_date between $first::date and $first::date + interval 6 day
group by event_date, account, device
order by event_date, minutes desc, account, device
