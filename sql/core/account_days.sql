/* ---
summary: >
  Each account that was used on a day: the number of sign-ins by a person at a keyboard,
  through a tunnel, to a cloud service or to the network, the number of requests with
  its login, and the first lines of each. Tasks, services and computers' own logons do
  not count as use.
grain: [account, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: canonical name}
  is_known: boolean
  keyboard_count: {type: bigint, is: 'logons and unlocks by a person, not by a task'}
  other_count: {type: bigint, is: 'further logons: shares, mailboxes, wireless'}
  network_count: {type: bigint, is: of these logins to Wi-Fi or a port (802.1X)}
  woken_count: {type: bigint, is: 'of these, those that show a person at the device'}
  request_count: {type: bigint, is: allowed requests that carried the login}
  source_count: {type: bigint, is: sources that saw the account}
  devices: {type: 'varchar[]', pii: indirect, is: devices it was used on}
  first_time: {type: timestamptz, is: first use}
  last_time: {type: timestamptz, is: last use}
  evidence: {type: 'bigint[]', is: 'first lines of each kind, at most 30'}
  event_date: {type: date, is: local day}
--- */
with

names as (
    select
        user_name,
        account
    from identity.account_names
),

known as (
    select distinct account
    from registry.accounts
),

logons as (
    select
        names.account,
        coalesce(logons.device, logons.host) as device,
        logons.source,
        logons.time,
        logons.event_id,
        case
            when
                logons.logon_kind in (
                    'interactive', 'cached', 'remote', 'vpn', 'cloud'
                )
                then 'keyboard'
            else 'other'
        end as kind,
        coalesce(logons.logon_kind = 'wifi', false) as is_network
    from core.logons
    inner join names on logons.user_name = names.user_name
    where
        logons.event_date = $event_date::date
        and (
            (logons.activity in ('logon', 'ticket') and logons.is_success)
            or logons.activity = 'unlock'
        )
        and not logons.is_machine
        and coalesce(logons.logon_kind not in ('batch', 'service'), true)
),

requests as (
    select
        account,
        device,
        source,
        start_time as time,
        event_id,
        'request' as kind,
        false as is_network
    from core.http_requests
    where
        event_date = $event_date::date
        and attribution_grade = 'A'
        and disposition = 'allowed'
        -- an agent keeps the name of the account that enrolled it
        and method is distinct from 'LOOKUP'
),

-- a device that joined and requested pages immediately: its requests are a second log
woken as (
    select
        seen.account,
        seen.device,
        min_by(requests.source, (requests.start_time, requests.event_id)) as source,
        min(requests.start_time) as time,
        min_by(requests.event_id, (requests.start_time, requests.event_id)) as event_id,
        'woken' as kind,
        false as is_network
    from core.presences as seen
    inner join core.http_requests as requests
        on
            seen.device = requests.device
            and requests.start_time >= seen.start_time - interval 1 minute
            and requests.start_time < seen.end_time
    where
        seen.event_date = $event_date::date
        and seen.presence in ('use', 'wifi')
        and seen.is_of_day
        and requests.event_date = $event_date::date
    group by seen.account, seen.device, seen.event_id
),

uses as (
    select * from logons
    union all
    select * from requests
    union all
    select * from woken
),

-- counted before anything is joined or sorted: most accounts have thousands of requests
tallied as (
    select
        account,
        kind,
        is_network,
        source,
        device,
        count(*) as use_count,
        min(time) as first_time,
        max(time) as last_time,
        min(struct_pack(time := time, event_id := event_id), 10) as first_uses
    from uses
    where account is not null
    group by account, kind, is_network, source, device
),

first_of_kind as (
    select
        account,
        list_slice(list_sort(flatten(list(first_uses))), 1, 10) as first_uses
    from tallied
    group by account, kind
),

evidence as (
    select
        account,
        sorted_set(
            list_transform(flatten(list(first_uses)), lambda one: one.event_id)
        ) as evidence
    from first_of_kind
    group by account
)

select
    tallied.account,
    max(known.account) is not null as is_known,
    coalesce(
        sum(tallied.use_count) filter (where tallied.kind = 'keyboard'), 0
    )::bigint as keyboard_count,
    coalesce(
        sum(tallied.use_count) filter (where tallied.kind = 'other'), 0
    )::bigint as other_count,
    coalesce(
        sum(tallied.use_count) filter (where tallied.is_network), 0
    )::bigint as network_count,
    coalesce(
        sum(tallied.use_count) filter (where tallied.kind = 'woken'), 0
    )::bigint as woken_count,
    coalesce(
        sum(tallied.use_count) filter (where tallied.kind = 'request'), 0
    )::bigint as request_count,
    count(distinct tallied.source) as source_count,
    coalesce(
        sorted_set(list(tallied.device) filter (where tallied.device is not null)),
        []::varchar[]
    ) as devices,
    min(tallied.first_time) as first_time,
    max(tallied.last_time) as last_time,
    any_value(evidence.evidence) as evidence,
    $event_date::date as event_date
from tallied
inner join evidence on tallied.account = evidence.account
left join known on tallied.account = known.account
group by tallied.account
