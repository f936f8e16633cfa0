/* ---
title: A program from a site that is not on the list
summary: >
  A device fetched a program, and later contacted the same site automatically, as an
  installed program does, on two days on which no one read a page there. The download
  alone is a lead: it may never have been opened. The device is the subject. An
  inventory shows what is installed; these logs do not.
code: AN-11
kind: anomaly
about: device
severity: low
stage: trial
severity_raised: [{to: medium, fact: is_calling}]
base_confidence: C2
clauses: [cl.19]
requires_fields: [whose_request, outside_flow]
requires_registry: [devices.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  call_days:
    type: int
    default: 2
    min: 1
    max: 12
    unit: days
    why: once may be the rest of the download
  devices:
    type: int
    default: 5
    min: 1
    max: 1000
    why: what more devices call is a site of many things, or managed
  told:
    type: int
    default: 3
    min: 1
    max: 1000
    unit: devices
    why: a program on more devices is deployed or common; the first ones report it
  common_fetchers:
    type: int
    default: 3
    min: 2
    max: 1000
    unit: devices
    why: this many devices with the same program were deployed on purpose
columns:
  subject: {type: varchar, pii: direct, is: device}
  measure: {type: double, is: days on which it called}
claim:
  - when: [is_calling]
    says: >-
      {account} fetched {files:count program} from {sites:names} and contacted
      it by itself on {call_days:count day} since.
  - says: >-
      {account} fetched {files:count program} from {sites:names}. Whether it was opened
      is not known.
details:
  sites: varchar[]
  files: int
  endings: varchar
  largest_bytes: int
  call_days: int
  calls: int
  is_calling: boolean
  fetchers: int
  devices: int
  is_never_opened: boolean
  is_handed_out: boolean
explanations:
  - name: A download that was never opened
    test: is_never_opened
    says: the device contacted the site without a user on {call_days:count day} since
  - name: A program that the district hands out
    test: is_handed_out
    says: '{fetchers:count device} fetched programs from there'
    not_testable: it is not known how many devices fetched it
  - name: An update of what is there already
    by_design: hosts that serve updates, and sites of the list, are left out
refuted_by:
  - an entry for the program's site on the approved list
  - a consent for the program
false_positives:
  - A program that the district hands out and whose site is missing from the list.
  - A portable program that was fetched and never run.
triage: >
  Look which programs are on the device. If it belongs there, put its site on the
  list.
--- */
with

fetched as (
    select *
    from core.fetched_programs
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
),

first_fetched as (
    select
        device,
        site,
        min(event_date) as fetch_date
    from fetched
    group by device, site
),

flows as (
    select
        flows.device,
        flows.site,
        flows.flow_count,
        flows.first_time,
        flows.last_time,
        flows.evidence,
        flows.event_date
    from core.outside_flows as flows
    where
        flows.event_date
        between $event_date::date - interval 13 day and $event_date::date
        and flows.site in (select fetched.site from fetched)
        and not flows.is_listed
),

known as (
    select
        site,
        count(distinct device) as device_count
    from flows
    group by site
),

read_there as (
    select distinct
        device,
        site,
        event_date
    from core.engaged_requests
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and site in (select fetched.site from fetched)
),

calls as (
    select
        flows.device,
        flows.site,
        flows.event_date,
        sum(flows.flow_count) as call_count,
        max(flows.last_time) as end_time,
        list_slice(list_sort(flatten(list(flows.evidence))), 1, 10) as evidence
    from flows
    inner join first_fetched
        on flows.device = first_fetched.device and flows.site = first_fetched.site
    left join read_there
        on
            flows.device = read_there.device
            and flows.site = read_there.site
            and flows.event_date = read_there.event_date
    where
        flows.event_date > first_fetched.fetch_date and read_there.device is null
    group by flows.device, flows.site, flows.event_date
),

called as (
    select
        device,
        site,
        count(*) as day_count,
        sum(call_count) as call_count,
        max(event_date) as last_date,
        max(end_time) as end_time,
        flatten(list(evidence)) as evidence
    from calls
    group by device, site
),

downloads as (
    select
        device,
        site,
        sum(file_count) as file_count,
        min(endings) as endings,
        max(largest_bytes) as largest_bytes,
        min(start_time) as start_time,
        max(end_time) as end_time,
        min(event_date) as first_date,
        flatten(list(evidence)) as evidence,
        row_number() over (partition by site order by min(start_time), device) as place
    from fetched
    group by device, site
),

fetchers as (
    select
        site,
        count(distinct device) as device_count
    from fetched
    group by site
),

-- reported on the day of the first download, and once more when the calls confirm it
found as (
    select
        downloads.device,
        downloads.site,
        downloads.file_count,
        downloads.endings,
        downloads.largest_bytes,
        downloads.start_time,
        fetchers.device_count as fetcher_count,
        known.device_count,
        coalesce(called.day_count, 0) as call_days,
        coalesce(called.call_count, 0) as call_count,
        greatest(downloads.end_time, coalesce(called.end_time, downloads.end_time))
            as end_time,
        downloads.evidence || coalesce(called.evidence, []::bigint[]) as evidence
    from downloads
    inner join fetchers on downloads.site = fetchers.site
    left join known on downloads.site = known.site
    left join called
        on downloads.device = called.device and downloads.site = called.site
    where
        (
            downloads.first_date = $event_date::date
            and downloads.place <= $told
        )
        or (
            called.last_date = $event_date::date
            and called.day_count = $call_days
            and known.device_count <= $devices
        )
)

select
    device as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(call_days)::double as measure,
    devices_and_sites(device, site) as observables,
    list_slice(sorted_set(flatten(list(evidence))), 1, 60) as evidence,
    struct_pack(
        sites := sorted_values(site),
        files := sum(file_count)::bigint,
        endings := min(endings),
        largest_bytes := max(largest_bytes),
        call_days := max(call_days),
        calls := max(call_count)::bigint,
        is_calling := bool_or(
            call_days >= $call_days and device_count <= $devices
        ),
        fetchers := max(fetcher_count),
        devices := max(device_count),
        is_never_opened := not coalesce(
            bool_or(call_days >= $call_days and device_count <= $devices), false
        ),
        is_handed_out := nullif(max(fetcher_count), 0) >= $common_fetchers
    ) as details,
    $event_date::date as event_date
from found
group by device
