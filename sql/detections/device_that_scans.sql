/* ---
title: A device tried many others inside, and most did not answer
summary: >
  Within ten minutes a device asked many inside addresses for one port, or one address
  for many ports, and hardly any answered. That is how a network is searched. The
  device is the subject, and it is a lead: whoever uses it may know nothing of it.
code: AN-20
kind: anomaly
about: device
severity: medium
stage: trial
clauses: [cl.5, cl.1]
needs: [outside_flow, connections.dst_port]
once_filled: [connections.disposition, connections.bytes_in]
stands_on: [devices.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  targets:
    type: int
    default: 100
    min: 20
    max: 65000
    why: a device knows a handful of servers and printers, not a hundred
  silent_share:
    type: double
    default: 0.9
    min: 0.5
    max: 1
    why: who is known answers; who is searched for is mostly not there
columns:
  subject: {type: varchar, pii: indirect, is: 'device, else its address'}
  measure: {type: double, is: addresses or ports in ten minutes}
  observables: {type: 'varchar[]', pii: indirect, is: the device}
claim: >-
  {account} tried {targets:count target} inside within ten minutes, and
  {silent_share:percent} did not answer.
details:
  targets: int
  silent_share: double
  is_server: boolean
explanations:
  - name: A server that looks after printers or takes inventory
    test: is_server
    ruled_out: the registry has it as another kind of device
    not_testable: the registry does not say what kind of device it is
  - name: A test of the network that was agreed
    not_testable: no calendar of tests is on file
would_change:
  - a row of devices.csv that says it is a server
false_positives:
  - A scanner of the district's own, a new printer driver, a lesson on networks.
response: >
  Find the program on the device. If it is the district's own scanner, register the
  device as a server.
--- */
select
    device as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(targets)::double as measure,
    [device] as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        targets := max(targets),
        silent_share := round(arg_max(silent_share, targets), 3),
        is_server := min(device_class) = 'server'
    ) as details,
    $event_date::date as event_date
from core.searches
where
    event_date = $event_date::date
    and targets >= $targets
    and silent_share >= $silent_share
group by device
