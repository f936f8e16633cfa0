/* ---
title: A device inside answers the outside on a port for administration
summary: >
  A firewall allowed connections from outside to a device of the district, and the
  device answered, on a port for remote control, files or databases. The device is the
  subject, and it is a lead: its user may know nothing of it.
code: AN-18
kind: anomaly
about: device
severity: high
stage: trial
clauses: [cl.5, cl.13d]
requires_fields:
  - outside_flow
  - connections.dst_port
  - connections.bytes_in
  - connections.bytes_out
once_filled: [connections.direction, connections.disposition]
data_sources:
  connections: [
    cef, cisco_asa, declared_csv, declared_json, fortigate, juniper_srx,
    leef, paloalto, paloalto_json, sonicwall, sophos_xg, suricata_eve, w3c_elff,
    watchguard, zeek_conn, zscaler_zia
  ]
grain: [subject, event_date]
params:
  event_date: {type: date}
  answers:
    type: int
    default: 1
    min: 1
    max: 1000
    why: one answer shows that the way is open
columns:
  subject: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  measure: {type: double, is: outside addresses that it answered}
  observables: {type: 'varchar[]', pii: indirect, is: the device}
claim: >-
  {account} answered {outside:count address} outside the district on a port for
  administration ({ports:names}).
details:
  outside: int
  answers: int
  ports: varchar[]
explanations:
  - name: A service that the district publishes, for a vendor's support
    not_testable: no list of published services is on file
  - name: A firewall that logs both directions under one name
    by_design: only connections from outside that were answered count
refuted_by:
  - a rule of the firewall that ends it
false_positives:
  - Remote support that was agreed for a few addresses.
triage: >
  Look at the firewall's rule that lets it in. Close it, or limit it to the addresses
  that need it and put a gateway with a second factor in front.
--- */
select
    device as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    count(distinct other)::double as measure,
    [device] as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        outside := count(distinct other),
        answers := sum(answered_count)::bigint,
        ports := sorted_values(dst_port::varchar)
    ) as details,
    $event_date::date as event_date
from core.inside_flows
where
    event_date = $event_date::date
    and kind = 'inbound'
    -- shells, files, remote desktops, management, databases
    and dst_port in (
        22, 23, 135, 139, 445, 1433, 1521, 3306, 3389, 5432, 5900, 5901, 5985, 5986,
        6379, 9200, 27017
    )
group by device
having sum(answered_count) >= $answers
