/* ---
summary: >
  Each logon, unlock and refusal as logged, for the rules about
  logons: their origin, and their result.
grain: [event_id, event_date]
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the log line}
  source: {type: varchar, is: source of the line}
  time: {type: timestamptz, is: when}
  user_name:
    type: varchar
    pii: direct
    is: account as written in the log, if it is proven or was refused
  host: {type: varchar, pii: indirect, is: host that was logged on to}
  device: {type: varchar, pii: indirect, is: 'that host, as the registry has it'}
  reported_by: {type: varchar, pii: indirect, is: host that reported it}
  src_ip: {type: varchar, pii: indirect, is: address it came from}
  src_mac: {type: varchar, pii: indirect, is: hardware address it came from}
  activity: {type: varchar, is: 'logon, ticket, unlock, ...'}
  logon_kind: {type: varchar, is: 'interactive, vpn, cloud, ...'}
  is_success: {type: boolean, is: whether it succeeded; null if not logged}
  is_machine: {type: boolean, is: of a device itself}
  event_date: date
--- */
with

logons as (
    select *
    from raw.logons
    where event_date = $event_date::date
),

inner_names as (
    select
        event_id,
        user_name
    from identity.inner_names
    where event_date = $event_date::date
),

names as (
    select
        name,
        device
    from identity.device_names
    where event_date = $event_date::date
)

select
    logons.event_id,
    logons.source,
    logons.time,
    if(
        logons.is_success is not distinct from false,
        logons.user_name,
        proven_name(logons.user_name, logons.name_proof, inner_names.user_name)
    ) as user_name,
    logons.host,
    -- a Chromebook has the directory's id in addition to its given name
    coalesce(named.device, known.device) as device,
    logons.reported_by,
    logons.src_ip,
    logons.src_mac,
    logons.activity,
    logons.logon_kind,
    logons.is_success,
    coalesce(logons.is_machine, false) as is_machine,
    logons.event_date
from logons
left join inner_names on logons.event_id = inner_names.event_id
left join names as named on logons.host = named.name
left join names as known
    on logons.src_hostname = known.name and logons.logon_kind = 'interactive'
