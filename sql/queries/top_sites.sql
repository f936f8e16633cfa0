/* ---
summary: Sites by use in the seven days from a day, by building.
grain: [building, site]
params:
  first: {type: date}
columns:
  building: {type: varchar, is: building}
  site: {type: varchar, is: registrable domain}
  verdict: {type: varchar, is: the list's decision on the last day}
  account_count: {type: bigint, is: accounts that used it}
  minutes: {type: double, is: estimated minutes of all accounts}
  megabytes: {type: double, is: received}
--- */
select
    building,
    site,
    arg_max(verdict, event_date) as verdict,
    count(distinct account) as account_count,
    round(sum(total_seconds) / 60, 1) as minutes,
    round(sum(bytes_in) / 1e6, 1) as megabytes
from core.site_use
where event_date between $first::date and $first::date + interval 6 day
group by building, site
order by minutes desc, building, site
