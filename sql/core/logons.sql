/* ---
summary: >
  Each logon, unlock and refusal as its log tells it, for the rules that look at the
  logons themselves: where they came from, and whether they were let in.
grain: [event_id, event_date]
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the log line}
  source: {type: varchar, is: source of the line}
  time: {type: timestamptz, is: when}
  user_name: {type: varchar, pii: direct, is: account as it is written}
  host: {type: varchar, pii: indirect, is: host that was logged on to}
  reported_by: {type: varchar, pii: indirect, is: host that tells of it}
  src_ip: {type: varchar, pii: indirect, is: address it came from}
  src_mac: {type: varchar, pii: indirect, is: hardware address it came from}
  activity: {type: varchar, is: 'logon, ticket, unlock, ...'}
  logon_kind: {type: varchar, is: 'interactive, vpn, cloud, ...'}
  is_success: {type: boolean, is: let in; null where it is not told}
  is_machine: {type: boolean, is: of a device itself}
  event_date: {type: date, is: local day}
--- */
select
    event_id,
    source,
    time,
    user_name,
    host,
    reported_by,
    src_ip,
    src_mac,
    activity,
    logon_kind,
    is_success,
    coalesce(is_machine, false) as is_machine,
    event_date
from raw.logons
where event_date = $event_date::date
