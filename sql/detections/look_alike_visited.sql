/* ---
title: A device was led to a site that resembles another
summary: >
  A device requested a host whose name resembles a site of the district's list, or a
  sign-in site, and is neither; the filter allowed it. The device and its user are at
  risk; the finding accuses neither. If anyone signed in there, change that password.
code: AN-6
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.5]
requires_fields: [whose_request, site_asked_for]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  bytes:
    type: int
    default: 2000
    min: 0
    max: 1000000
    unit: bytes
    why: less is a redirect or a name that answers nothing
  common_devices:
    type: int
    default: 5
    min: 2
    max: 1000
    unit: devices
    why: this many visitors in two weeks know it as a site in its own right
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: requests}
claim: >-
  {account} requested {sites:names}, which resembles {resembles:names}. The
  user may have been tricked into opening it.
details:
  sites: varchar[]
  resembles: varchar[]
  how: varchar
  list_name: varchar
  requests: int
  devices: int
  is_own_company: boolean
  is_empty: boolean
explanations:
  - name: An unrelated company with a similar name
    test: is_own_company
    says: '{devices:count device} of the district asked for it within two weeks'
    not_testable: it is not known how many devices asked for it
  - name: A name that answers nothing, or sends the browser on
    test: is_empty
    ruled_out: more came from it than a redirect takes
    not_testable: the log has no sizes
  - name: A site that any list knows
    by_design: what a list of sites, categories or services names is left out
refuted_by:
  - an entry for the site on the approved list
false_positives:
  - An unrelated company whose name happens to be similar.
  - A test of the district that sends such links on purpose.
triage: >
  Ask the user whether a password was typed there. Change that password, look for the
  mail that brought it, and block the host.
--- */
with

alike as (
    select *
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
        -- a lead if no line has a size
        and coalesce(requests.bytes_in >= $bytes, true)
        and coalesce(requests.net_kind <> 'guest', true)
)

select
    device as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    devices_and_sites(device, registrable_domain) as observables,
    list_slice(
        sorted_set(list(event_id) || list(binding_event_id)),
        1, 60
    ) as evidence,
    struct_pack(
        sites := sorted_values(registrable_domain),
        resembles := sorted_values(resembles),
        how := min(how),
        list_name := min(resembles_list),
        requests := count(*),
        devices := max(device_count),
        is_own_company := nullif(max(device_count), 0) >= $common_devices,
        is_empty := ruled_out_if(coalesce(bool_or(bytes_in >= $bytes), false))
    ) as details,
    $event_date::date as event_date
from today
group by device
