/* ---
title: A device contacted a host that a list of bad hosts names
summary: >
  A device of the district was allowed to contact a host or an address that a list of
  bad hosts names for that day, and got an answer. Attempts that the network refused and
  look-ups alone do not count. The lists are those that the district takes under
  [lists]; the product brings no list. A host that many devices used before is likely a
  wrong entry, and makes a lead. The device is the subject; its user may know nothing
  about it.
code: AN-25
kind: anomaly
about: device
severity: high
stage: trial
open_day: a contact that was answered stays one, and hosts are common by earlier days
base_confidence: C2
clauses: [cl.5, cl.19]
requires_fields: [outside_flow]
requires_registry: [devices.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  usual_devices:
    type: int
    default: 5
    min: 1
    max: 1000
    unit: devices
    why: what this many devices used in the two weeks before serves something common
  first_devices:
    type: int
    default: 5
    min: 1
    max: 1000
    unit: devices
    why: one wrong entry must not name every device; the first ones report it
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: contacts}
claim: >-
  {account} contacted {sites:names} {contacts:count time}, which {list_names} names as
  bad.
details:
  sites: varchar[]
  contacts: int
  list_names: varchar
  bytes_in: int
  bytes_out: int
  usual_devices: int
  is_common: boolean
  is_page: boolean
explanations:
  - name: A wrong or old entry of the list
    test: is_common
    says: >-
      {usual_devices:count device} used the host in the two weeks before
  - name: A page that led there, or an advertisement in it
    test: is_page
    ruled_out: no page was used at the device within that hour
    not_testable: pages load parts from hosts that their readers do not know
  - name: A host that serves many things, one of which is bad
    by_design: hosts of well-known sites, sign-ins and background services are left out
refuted_by:
  - the host's removal from the list
  - an entry for the host on the approved list
false_positives:
  - A site that was misused for some days and is in order again.
  - An address that another customer of the same provider used before.
triage: >
  Find the program on the device that made the contact, and what it downloaded. If the
  entry is wrong, report it to the publisher of the list and approve the host.
--- */
with

contacts as (
    select *
    from core.bad_contacts
    where
        event_date = $event_date::date
        and list_names is not null
        and device_place <= $first_devices
),

usual as (
    select
        destination,
        count(distinct device) as device_count
    from core.outside_flows
    where
        event_date between $event_date::date - interval 13 day
        and $event_date::date - interval 1 day
        and seen_by <> 'resolver'
        and destination in (select contacts.destination from contacts)
    group by destination
)

select
    contacts.device as subject,
    min(contacts.first_time) as start_time,
    max(contacts.last_time) as end_time,
    sum(contacts.contact_count)::double as measure,
    devices_and_sites(contacts.device, contacts.site) as observables,
    list_slice(sorted_set(flatten(list(contacts.evidence))), 1, 60) as evidence,
    struct_pack(
        sites := sorted_values(contacts.destination),
        contacts := sum(contacts.contact_count)::bigint,
        list_names := min(contacts.list_names),
        bytes_in := sum(contacts.bytes_in)::bigint,
        bytes_out := sum(contacts.bytes_out)::bigint,
        usual_devices := min(coalesce(usual.device_count, 0)),
        is_common := bool_and(
            coalesce(usual.device_count, 0) >= $usual_devices
        ),
        is_page := ruled_out_if(not bool_or(contacts.is_after_a_page))
    ) as details,
    $event_date::date as event_date
from contacts
left join usual on contacts.destination = usual.destination
group by contacts.device
