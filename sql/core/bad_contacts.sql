/* ---
summary: >
  Answered contacts of registered devices with hosts that a list of bad hosts names, or
  that a product itself calls malware. What the network refused, look-ups, approved
  sites, background services and people's own phones are left out.
grain: [device, destination, event_date]
params:
  event_date: {type: date}
columns:
  device: core.outside_flows
  destination: core.outside_flows
  site: core.outside_flows
  list_names: {type: varchar, is: lists that name the host; null if none does}
  products: {type: varchar, is: products that call it malware; null if none does}
  words: {type: varchar, is: 'their words for it, or the names of the malware'}
  contact_count: {type: bigint, is: requests and flows}
  bytes_in: {type: bigint, is: bytes to the device}
  bytes_out: {type: bigint, is: bytes from the device; null if no log has them}
  first_time: {type: timestamptz, is: the first began}
  last_time: {type: timestamptz, is: the last began}
  evidence: {type: 'bigint[]', is: the contacts and the leases of the device}
  device_place: {type: bigint, is: 'place among the devices that contacted it, by time'}
  device_count: {type: bigint, is: devices that contacted it}
  is_after_a_page:
    type: boolean
    is: a page of another host was used at the device within the hour before
  event_date: {type: date, is: local day}
--- */
with

bad as (
    select
        coalesce(listed.host, warned.host) as destination,
        listed.list_names,
        warned.products,
        warned.words
    from (
        select * from core.listed_bad_hosts
        where event_date = $event_date::date
    ) as listed
    full join (
        select * from core.warned_hosts
        where event_date = $event_date::date
    ) as warned on listed.host = warned.host
),

contacts as (
    select
        flows.device,
        flows.destination,
        flows.site,
        bad.list_names,
        bad.products,
        bad.words,
        sum(flows.flow_count)::bigint as contact_count,
        sum(flows.bytes_in)::bigint as bytes_in,
        sum(flows.bytes_out)::bigint as bytes_out,
        min(flows.first_time) as first_time,
        max(flows.last_time) as last_time,
        sorted_set(
            flatten(list(flows.evidence)) || list(flows.binding_event_id)
        ) as evidence
    from core.outside_flows as flows
    inner join bad on flows.destination = bad.destination
    where
        flows.event_date = $event_date::date
        and flows.seen_by <> 'resolver'
        and flows.is_registered
        and flows.device_class is distinct from 'phone_byod'
        and not flows.is_listed
        and flows.background_kind is null
        -- a proxy that counts one direction answered all the same
        and (
            flows.two_way_count > 0
            or (flows.bytes_in > 0 and flows.bytes_out is null)
        )
    group by
        flows.device, flows.destination, flows.site, bad.list_names, bad.products,
        bad.words
),

pages as (
    select distinct
        contacts.device,
        contacts.destination
    from contacts
    inner join core.engaged_requests as engaged
        on
            contacts.device = engaged.device
            and engaged.event_date = $event_date::date
            and engaged.start_time
            between contacts.first_time - interval 1 hour and contacts.last_time
            and engaged.url_hostname <> contacts.destination
)

select
    contacts.*,
    row_number() over (
        partition by contacts.destination order by contacts.first_time, contacts.device
    ) as device_place,
    count(*) over (partition by contacts.destination) as device_count,
    pages.device is not null as is_after_a_page,
    $event_date::date as event_date
from contacts
left join pages
    on
        contacts.device = pages.device
        and contacts.destination = pages.destination
