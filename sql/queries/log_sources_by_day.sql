/* ---
title: Log sources by day
summary: Events that each source recorded on each day of a week.
grain: [event_date, source]
params:
  first: {type: date}
chart: {draws: table, across: event_date, by: source, value: events}
columns:
  event_date: {type: date, is: local day}
  source: {type: varchar, is: name of the source}
  events: {type: bigint, is: events}
--- */
select
    event_date,
    source,
    sum(line_count)::bigint as events
from marts.source_hours
where event_date between $first::date and $first::date + interval 6 day
group by event_date, source
order by event_date, source
