/* ---
title: A device tried many others inside, and most did not answer
summary: >
  Within ten minutes a device asked many inside addresses for one port, one address for
  many ports, or many addresses for many ports, and hardly any answered. That is how a
  network is searched. The device is the subject; its user may know nothing about it. A
  test by the technology office looks the same, so it is a finding only on a device of a
  person with another job, and at a time that no change window covers.
code: AN-20
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.5, cl.1]
requires_fields: [outside_flow, connections.dst_port]
once_filled: [connections.disposition, connections.bytes_in]
requires_registry: [devices.csv]
grain: [subject, event_date]
ends:
  of: searches
  by: [device]
  where:
    too few targets: targets >= $targets
    too many answered: silent_share >= $silent_share
params:
  event_date: {type: date}
  zone: {type: varchar}
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
  subject: {type: varchar, pii: indirect, is: 'device; otherwise its address'}
  measure: {type: double, is: 'addresses, ports, or pairs, in ten minutes'}
  observables: {type: 'varchar[]', pii: indirect, is: the device}
claim: >-
  {account} tried {targets:count internal address} within ten minutes, and
  {silent_share:percent} of them did not answer.
details:
  targets: int
  silent_share: double
  is_server: boolean
  is_test: boolean
explanations:
  - name: A server that looks after printers or takes inventory
    test: is_server
    ruled_out: the registry has it as another kind of device
    not_testable: the registry does not say what kind of device it is
  - name: A test of the network that was agreed
    test: is_test
    ruled_out: >-
      the device is assigned to a person who does not look after the network, or is a
      Chromebook, kiosk or sign, and no change window covers it
    fits: a change window of this device covers it
    not_testable: the device may belong to the technology office
refuted_by:
  - a row of devices.csv that lists it as a server
false_positives:
  - A scanner of the district's own, a new printer driver, a lesson on networks.
triage: >
  Find the program on the device. If it is the district's own scanner, register the
  device as a server.
--- */
with

searches as (
    select *
    from core.searches
    where event_date = $event_date::date
),

scans as (
    select *
    from searches
    where targets >= $targets and silent_share >= $silent_share
),

-- the people to whom the devices are assigned; a person may have several accounts
holders as (
    select
        devices.device,
        bool_or(is_technology_job(accounts.job_title)) as has_technology_job,
        bool_and(accounts.is_student or accounts.job_title is not null) as is_job_known
    from identity.devices as devices
    inner join identity.accounts as accounts
        on devices.assigned_to = accounts.person_id
    where
        devices.event_date = $event_date::date
        and devices.pool is null
        and accounts.event_date = $event_date::date
    group by devices.device
),

planned as (
    select distinct scans.device
    from scans
    inner join registry.change_windows as windows
        on
            short_name(scans.device) = windows.system
            and coalesce(
                windows.weekday
                = isodow(timezone($zone, scans.start_time)) - 1,
                true
            )
            and 60 * hour(timezone($zone, scans.start_time))
            + minute(timezone($zone, scans.start_time))
            between windows.start_minute and windows.end_minute - 1
    where
        $event_date::date between coalesce(windows.valid_from, date '0001-01-01')
        and coalesce(windows.valid_to, date '9999-12-31')
)

select
    scans.device as subject,
    min(scans.start_time) as start_time,
    max(scans.end_time) as end_time,
    max(scans.targets)::double as measure,
    [scans.device] as observables,
    sorted_set(flatten(list(scans.evidence))) as evidence,
    struct_pack(
        targets := max(scans.targets),
        silent_share := round(arg_max(scans.silent_share, scans.targets), 3),
        is_server := min(scans.device_class) = 'server',
        is_test := case
            when bool_or(planned.device is not null) then true
            else ruled_out_if(
                bool_and(
                    coalesce(
                        holders.is_job_known and not holders.has_technology_job,
                        scans.device_class in ('chromebook', 'kiosk', 'signage'),
                        false
                    )
                )
            )
        end
    ) as details,
    $event_date::date as event_date
from scans
left join holders on scans.device = holders.device
left join planned on scans.device = planned.device
group by scans.device
