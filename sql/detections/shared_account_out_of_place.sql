/* ---
title: A shared account away from where it belongs
summary: >
  An account that several people may use was logged on at the keyboard of a device
  outside the buildings or pools for which it is approved, or it was used for a long
  time on sites of a non-work kind. Approval covers a purpose; no one can be named
  for the use of such an account. An account without a place in the registry is judged
  by its sites alone.
code: SA-8
kind: shared_account
severity: low
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.13a, cl.24]
requires_fields: [whose_request, keyboard]
requires_registry: [accounts.csv, devices.csv]
session_policy: {keyboard: finding, network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  minutes:
    type: int
    default: 20
    min: 5
    max: 480
    unit: minutes
    why: minutes with a request; a visitor's look at one page does not count
  lists:
    type: int
    default: 2
    min: 1
    max: 10
    why: one list alone may be wrong about a site
columns:
  measure: {type: double, is: devices and sites outside its purpose}
claim: >-
  Shared account {account} [{devices?}was logged on at {devices:count device} outside
  the buildings and pools for which it is approved][{devices?}{sites?} and ][{sites?}was
  used on {sites:names}].
details:
  devices: int
  sites: varchar[]
  minutes: int
  is_clock_wrong: boolean
explanations:
  - name: A place that the district approved
    by_design: the registry's row of the account names the buildings and pools
  - name: A site that serves the account's purpose
    by_design: sites of the list are left out, and two lists call it non-work
  - clock
refuted_by:
  - another place of the account in the registry
  - an entry for the site on the approved list
false_positives:
  - The account moved with an event, and the registry does not say so.
triage: >
  Correct the account's place in the registry, or change its password and inform the
  people who may use it.
--- */
with

shared as (
    select
        accounts.account,
        min(registered.used_in) as used_in
    from identity.accounts as accounts
    inner join registry.accounts as registered
        on accounts.account = registered.account
    where
        accounts.event_date = $event_date::date
        and accounts.approved_shared
        and accounts.account_type in ('role_shared', 'person')
    group by accounts.account
),

devices as (
    select
        device,
        building,
        pool
    from identity.devices
    where event_date = $event_date::date
),

sessions as (
    select
        sessions.account,
        sessions.device,
        sessions.start_time,
        sessions.event_id,
        sessions.is_clock_checked
    from core.presences as sessions
    inner join shared on sessions.account = shared.account
    inner join devices on sessions.device = devices.device
    where
        sessions.event_date = $event_date::date
        and sessions.logon_kind = 'interactive'
        and sessions.is_of_day
        and shared.used_in is not null
        -- what has neither building nor pool cannot be out of place
        and coalesce(devices.building, devices.pool) is not null
        and not list_has_any(
            string_split(shared.used_in, ';'),
            [coalesce(devices.building, ''), coalesce(devices.pool, '')]
        )
),

categories as (
    select
        url_hostname,
        max(source_count) as list_count
    from core.host_categories
    where event_date = $event_date::date and is_non_work
    group by url_hostname
    having max(source_count) >= $lists
),

listed as (
    select distinct destination
    from core.outside_flows
    where event_date = $event_date::date and is_listed
),

-- hosts that serve a site of the list, such as the videos of its pages
serving as (
    select distinct served.url_hostname
    from core.served_hosts as served
    inner join registry.approved_sites as entries
        on
            entries.match <> 'deny'
            and (
                entries.pattern = served.service
                or ends_with(
                    split_part(entries.pattern, '/', 1), '.' || served.service
                )
            )
    where
        served.event_date = $event_date::date
        and $event_date::date between coalesce(entries.valid_from, date '0001-01-01')
        and coalesce(entries.valid_to, date '9999-12-31')
),

requests as (
    select
        requests.account,
        requests.site,
        requests.event_id,
        requests.start_time
    from core.http_requests as requests
    inner join shared on requests.account = shared.account
    inner join categories on requests.url_hostname = categories.url_hostname
    left join listed on requests.url_hostname = listed.destination
    left join serving on requests.url_hostname = serving.url_hostname
    where
        requests.event_date = $event_date::date
        and requests.disposition = 'allowed'
        and requests.attribution_grade in ('A', 'C')
        and requests.site is not null
        and listed.destination is null
        and serving.url_hostname is null
        and (
            coalesce(requests.method not in ('CONNECT', 'LOOKUP'), true)
            or requests.bytes_in >= 6000
        )
),

sites as (
    select
        account,
        site,
        count(distinct date_trunc('minute', start_time)) as minute_count,
        min(start_time) as start_time,
        max(start_time) as end_time,
        list_slice(list_sort(list(event_id)), 1, 20) as evidence
    from requests
    group by account, site
    having count(distinct date_trunc('minute', start_time)) >= $minutes
),

found as (
    select
        account,
        'device:' || device as what,
        start_time,
        start_time as end_time,
        [event_id] as evidence,
        is_clock_checked,
        0 as minute_count
    from sessions
    union all
    select
        account,
        'site:' || site as what,
        start_time,
        end_time,
        evidence,
        null as is_clock_checked,
        minute_count
    from sites
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    count(distinct what)::double as measure,
    sorted_values(what) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        devices := count(distinct what) filter (where starts_with(what, 'device:')),
        sites := coalesce(
            sorted_set(
                list(substring(what, 6)) filter (where starts_with(what, 'site:'))
            ),
            []::varchar[]
        ),
        minutes := max(minute_count),
        is_clock_wrong := ruled_out_if(
            coalesce(bool_and(is_clock_checked), true)
        )
    ) as details,
    $event_date::date as event_date
from found
group by account
