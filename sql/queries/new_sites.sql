/* ---
summary: Sites that no one had used before a day, the most used first.
grain: [site]
params:
  since: {type: date}
columns:
  site: {type: varchar, is: registrable domain}
  first_seen_date: {type: date, is: local day of the first use}
  verdict: {type: varchar, is: the list's decision on the last day of use}
  category: {type: varchar, is: what lists say it is}
  most_accounts: {type: bigint, is: most accounts in a day}
  minutes: {type: double, is: estimated minutes of all accounts}
--- */
select
    seen.site,
    seen.first_seen_date,
    arg_max(uses.verdict, uses.event_date) as verdict,
    arg_max(uses.category, uses.event_date) as category,
    max(uses.account_count)::bigint as most_accounts,
    round(sum(uses.minutes), 1) as minutes
from marts.site_first_seen as seen
inner join marts.site_use as uses on seen.site = uses.site
where seen.first_seen_date >= $since::date
group by seen.site, seen.first_seen_date
order by minutes desc, seen.site
