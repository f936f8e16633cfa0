/* ---
title: A device was led to a site that can be taken for another
summary: >
  A device asked for a host whose name looks like one of the district's list, or
  like one where people sign in, and is neither; the filter let it through. The
  device and its user are at risk; nothing is said against either. Change the
  password of whoever signed in there.
code: AN-6
kind: anomaly
about: device
severity: medium
stage: trial
grain: [subject, event_date]
window: {days_before: 13}
params:
  event_date: {type: date}
  bytes:
    type: int
    default: 2000
    min: 0
    max: 1000000
    unit: bytes
    why: less is a redirect or a name that answers nothing
columns:
  subject: {type: varchar, pii: indirect, is: device}
  start_time: {type: timestamptz, is: first cited event}
  end_time: {type: timestamptz, is: last cited event}
  measure: {type: double, is: requests}
  observables: {type: 'varchar[]', pii: indirect, is: devices and sites}
  evidence: {type: 'bigint[]', is: cited events}
  details: {type: varchar, is: facts for the alternatives as JSON}
  event_date: {type: date, is: local day}
false_positives:
  - A company of its own whose name happens to be near.
  - A test of the district that sends such links on purpose.
response: >
  Ask who opened it what was typed there. Change that password, look for the mail
  that brought it, and block the host.
--- */
with

alike as (
    select
        host,
        registrable_domain,
        unicode_hostname,
        resembles,
        resembles_list,
        how
    from core.look_alike_hosts
),

requests as (
    select
        requests.event_id,
        coalesce(requests.device, requests.src_ip) as device,
        requests.device_class,
        requests.net_kind,
        requests.start_time,
        requests.bytes_in,
        requests.binding_event_id,
        requests.event_date,
        alike.registrable_domain,
        alike.resembles,
        alike.resembles_list,
        alike.how
    from core.http_requests as requests
    inner join alike on requests.url_hostname = alike.host
    where
        requests.event_date
        between $event_date::date - interval 13 day and $event_date::date
        and requests.disposition = 'allowed'
        and coalesce(requests.device, requests.src_ip) is not null
),

known as (
    select
        registrable_domain,
        count(distinct device) as device_count
    from requests
    group by registrable_domain
),

today as (
    select
        requests.*,
        known.device_count
    from requests
    inner join known on requests.registrable_domain = known.registrable_domain
    where
        requests.event_date = $event_date::date
        and requests.bytes_in >= $bytes
        and coalesce(requests.net_kind <> 'guest', true)
)

select
    device as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    list_sort(
        list_distinct(
            list('device:' || device) || list('site:' || registrable_domain)
        )
    ) as observables,
    list_slice(
        list_sort(
            list_filter(
                list_distinct(list(event_id) || list(binding_event_id)),
                lambda one: one is not null
            )
        ),
        1, 60
    ) as evidence,
    to_json(
        struct_pack(
            sites := list_sort(list_distinct(list(registrable_domain))),
            resembles := list_sort(list_distinct(list(resembles))),
            how := min(how),
            list_name := min(resembles_list),
            requests := count(*),
            devices := max(device_count)
        )
    )::varchar as details,
    $event_date::date as event_date
from today
group by device
