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
  told:
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
  Look on the device for what made the contact, and what the answer was. If the entry is
  wrong, tell the publisher of the list, and approve the host.
--- */
with

flows as (
    select *
    from core.outside_flows
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and seen_by <> 'resolver'
),

today as (
    select *
    from flows
    where
        event_date = $event_date::date
        and is_registered
        and not is_listed
        and background_kind is null
        -- a proxy that counts one direction answered all the same
        and (two_way_count > 0 or (bytes_in > 0 and bytes_out is null))
),

bad as (
    select
        host as destination,
        list_names
    from core.listed_bad_hosts
    where event_date = $event_date::date
),

usual as (
    select
        destination,
        count(distinct device) as device_count
    from flows
    where
        event_date < $event_date::date
        and destination in (select bad.destination from bad)
    group by destination
),

contacts as (
    select
        today.device,
        today.destination,
        today.site,
        bad.list_names,
        coalesce(usual.device_count, 0) as usual_devices,
        sum(today.flow_count) as contact_count,
        sum(today.bytes_in) as bytes_in,
        sum(today.bytes_out) as bytes_out,
        min(today.first_time) as first_time,
        max(today.last_time) as last_time,
        flatten(list(today.evidence)) as evidence,
        list(today.binding_event_id) as bindings
    from today
    inner join bad on today.destination = bad.destination
    left join usual on today.destination = usual.destination
    group by
        today.device, today.destination, today.site, bad.list_names,
        usual.device_count
),

first_devices as (
    select *
    from contacts
    qualify
        row_number() over (partition by destination order by first_time, device)
        <= $told
),

pages as (
    select distinct first_devices.device
    from first_devices
    inner join core.engaged_requests as engaged
        on
            first_devices.device = engaged.device
            and engaged.event_date = $event_date::date
            and engaged.start_time
            between first_devices.first_time - interval 1 hour
            and first_devices.last_time
            and engaged.url_hostname <> first_devices.destination
)

select
    first_devices.device as subject,
    min(first_devices.first_time) as start_time,
    max(first_devices.last_time) as end_time,
    sum(first_devices.contact_count)::double as measure,
    devices_and_sites(first_devices.device, first_devices.site) as observables,
    list_slice(
        sorted_set(
            flatten(list(first_devices.evidence))
            || flatten(list(first_devices.bindings))
        ),
        1, 60
    ) as evidence,
    struct_pack(
        sites := sorted_values(first_devices.destination),
        contacts := sum(first_devices.contact_count)::bigint,
        list_names := min(first_devices.list_names),
        bytes_in := sum(first_devices.bytes_in)::bigint,
        bytes_out := sum(first_devices.bytes_out)::bigint,
        usual_devices := min(first_devices.usual_devices),
        is_common := bool_and(first_devices.usual_devices >= $usual_devices),
        is_page := ruled_out_if(count(pages.device) = 0)
    ) as details,
    $event_date::date as event_date
from first_devices
left join pages on first_devices.device = pages.device
group by first_devices.device
