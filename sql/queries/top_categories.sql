/* ---
summary: Kinds of sites by people who used them in the seven days from a day.
grain: [category]
params:
  first: {type: date}
columns:
  category: {type: varchar, is: what lists say the sites are}
  account_count: {type: bigint, is: accounts that used such sites}
  site_count: {type: bigint, is: sites}
  minutes: {type: double, is: estimated minutes of all accounts}
--- */
with
uses as (
    select
        account,
        site,
        total_seconds,
        unnest(string_split(categories, ', ')) as category
    from core.site_use
    where event_date between $first::date and $first::date + interval 6 day
)

select
    category,
    count(distinct account) as account_count,
    count(distinct site) as site_count,
    round(sum(total_seconds) / 60, 1) as minutes
from uses
where category != ''
group by category
order by account_count desc, category
