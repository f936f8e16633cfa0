/* ---
title: A protocol that sends passwords in the clear was used
summary: >
  A device used telnet, a remote shell, file transfer or old mail protocols, which
  send a password unencrypted unless both ends agree on encryption. The device is the
  subject, and it is a lead: no log shows whether anyone logged in.
code: AN-19
kind: anomaly
about: device
severity: low
stage: trial
clauses: [cl.13a, cl.5]
requires_fields:
  - outside_flow
  - connections.dst_port
  - connections.bytes_in
  - connections.bytes_out
once_filled: [connections.protocol]
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
    default: 3
    min: 1
    max: 1000
    why: one may be a person who tried a port
columns:
  subject: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  measure: {type: double, is: answered connections}
  observables: {type: 'varchar[]', pii: indirect, is: the device}
claim: >-
  {account} had {answers:count connection} to {servers:count server} in a protocol that
  sends passwords in the clear (port {ports:names}).
details:
  answers: int
  servers: int
  ports: varchar[]
explanations:
  - name: Both ends agreed on encryption
    not_testable: the firewall logs the port, and not whether encryption was agreed
  - name: A login without a password, such as a public file server
    not_testable: no log shows the login
refuted_by:
  - the same service over an encrypted protocol
false_positives:
  - Printers and cameras that speak nothing else, and the machines that look after them.
triage: >
  Find the program that uses it. Turn it off where a better protocol is available;
  otherwise keep it inside a separate network.
--- */
select
    device as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    sum(answered_count)::double as measure,
    [device] as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        answers := sum(answered_count)::bigint,
        servers := count(distinct other),
        ports := sorted_values(dst_port::varchar)
    ) as details,
    $event_date::date as event_date
from core.inside_flows
where
    event_date = $event_date::date
    and kind = 'clear text'
group by device
having sum(answered_count) >= $answers
