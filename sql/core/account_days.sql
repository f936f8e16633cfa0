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

numbered as (
    select
        *,
        row_number() over (
            partition by account, kind
            order by time, event_id
        ) as number
    from uses
),

evidence as (
    select
        account,
        sorted_values(event_id) as evidence
    from numbered
    where number <= 10
    group by account
)

select
    numbered.account,
    max(known.account) is not null as is_known,
    count(*) filter (where numbered.kind = 'keyboard') as keyboard_count,
    count(*) filter (where numbered.kind = 'other') as other_count,
    count(*) filter (where numbered.is_network) as network_count,
    count(*) filter (where numbered.kind = 'woken') as woken_count,
    count(*) filter (where numbered.kind = 'request') as request_count,
    count(distinct numbered.source) as source_count,
    coalesce(
        sorted_set(list(numbered.device) filter (where numbered.device is not null)),
        []::varchar[]
    ) as devices,
    min(numbered.time) as first_time,
    max(numbered.time) as last_time,
    any_value(evidence.evidence) as evidence,
    $event_date::date as event_date
from numbered
inner join evidence on numbered.account = evidence.account
left join known on numbered.account = known.account
group by numbered.account
