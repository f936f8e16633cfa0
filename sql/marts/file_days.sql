/* ---
summary: >
  How many events of each delivered file fall on a local day; ties the account
  of lines, which is kept by file, to days.
grain: [file_id, event_date]
params:
  event_date: {type: date}
columns:
  file_id: {type: bigint, is: the ledger's id of the file}
  source: {type: varchar, is: name of the source}
  events: {type: bigint, is: events of the file on that day}
  event_date: {type: date, is: local day}
--- */
with

events as (
    select file_id, source from raw.http_requests where event_date = $event_date::date
    union all
    select file_id, source from raw.connections where event_date = $event_date::date
    union all
    select file_id, source from raw.logons where event_date = $event_date::date
    union all
    select file_id, source from raw.leases where event_date = $event_date::date
    union all
    select file_id, source from raw.dns_queries where event_date = $event_date::date
    union all
    select file_id, source from raw.system_events where event_date = $event_date::date
)

select
    file_id,
    source,
    count(*) as events,
    $event_date::date as event_date
from events
group by file_id, source
