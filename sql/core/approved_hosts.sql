/* ---
kind: ephemeral
summary: >
  Hosts of the entries of the district's list of sites that are in force on a day, for
  anyone. Denials are left out.
grain: [host, event_date]
params:
  event_date: {type: date}
columns:
  host: {type: varchar, is: host of an entry of the list}
  event_date: {type: date, is: local day}
--- */
select distinct
    split_part(pattern, '/', 1) as host,
    $event_date::date as event_date
from registry.approved_sites
where
    match <> 'deny'
    and $event_date::date between coalesce(valid_from, date '0001-01-01')
    and coalesce(valid_to, date '9999-12-31')
