/* ---
title: Categories by week
summary: >
  Estimated hours on each category of sites in a week and the seven weeks before it.
grain: [week, category, account]
params:
  first: {type: date}
chart: {draws: lines, across: week, by: category, value: hours}
columns:
  week: {type: date, is: first day of the week}
  category: {type: varchar, is: what lists say the sites are}
  account: {type: varchar, pii: direct, is: account that used them}
  hours: {type: double, is: estimated hours}
--- */
with
uses as (
    select
        date_trunc('week', event_date)::date as week,
        unnest(string_split(categories, ', ')) as category,
        account,
        total_seconds
    from core.site_use
    where
        event_date
        between $first::date - interval 49 day and $first::date + interval 6 day
)

select
    week,
    category,
    account,
    sum(total_seconds) / 3600 as hours
from uses
where category != ''
group by week, category, account
order by week, category, account
