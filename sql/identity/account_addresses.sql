/* ---
summary: >
  Which account each source saw at an address, from when to when. *proxy*: logins
  on the lines of a proxy, as long as they follow each other closely. *mapping*: a
  firewall took the address for the account, in a line or by a message of its own.
  *wifi*: 802.1X or RADIUS let the account's card into the network. *tunnel*: a VPN
  gave it the address. *keyboard*: it is live on the device that holds the address.
  What they say may differ; `identity.binding_conflicts` lists where.
grain: [ip, start_time, account, witness, event_date]
window: {days_before: 1}
params:
  event_date: {type: date}
  pause_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: a longer silence may hide that somebody else sat down
  mapping_minutes:
    type: int
    default: 45
    min: 1
    max: 720
    unit: minutes
    why: firewalls forget a mapping after about so long, whoever sits there then
  session_hours:
    type: int
    default: 12
    min: 1
    max: 48
    unit: hours
    why: a session whose end was not logged is not believed past a working day
columns:
  ip: {type: varchar, pii: indirect, is: address}
  account: {type: varchar, pii: direct, is: account seen there}
  witness: {type: varchar, is: 'proxy, mapping, wifi, tunnel or keyboard'}
  start_time: {type: timestamptz, is: from this instant}
  end_time: {type: timestamptz, is: 'to this instant, included'}
  event_id: {type: bigint, is: the first event that says so}
  event_count: {type: bigint, is: events that say so}
  event_date: {type: date, is: local day that the row serves}
--- */
with

names as (
    select
        user_name,
        account
    from identity.account_names
),

guessing as (
    select format from identity.mapping_formats
),

holders as (
    select *
    from identity.address_holders
    where event_date = $event_date::date
),

keyboard_sessions as (
    select *
    from identity.workstation_sessions
    where event_date = $event_date::date and state = 'live'
),

logons as (
    select
        event_id,
        time,
        source,
        format,
        src_ip,
        src_mac,
        assigned_ip,
        user_name,
        activity,
        logon_kind
    from raw.logons
    where
        event_date between $event_date::date - interval 1 day and $event_date::date
        and activity in ('logon', 'logoff', 'mapping')
        and user_name is not null
        and coalesce(is_success, true)
        and not coalesce(is_machine, false)
),

named_lines as (
    select
        event_id,
        src_ip as ip,
        user_name,
        format,
        coalesce(start_time, time) as start_time
    from raw.http_requests
    where
        event_date = $event_date::date
        and user_name is not null
        and src_ip is not null
        and coalesce(disposition, 'allowed') <> 'challenged'
    union all
    select
        event_id,
        src_ip as ip,
        user_name,
        format,
        coalesce(start_time, time) as start_time
    from raw.connections
    where
        event_date = $event_date::date
        and user_name is not null
        and src_ip is not null
),

on_lines as (
    select
        named_lines.event_id,
        named_lines.ip,
        names.account,
        case when guessing.format is null then 'proxy' else 'mapping' end as witness,
        named_lines.start_time
    from named_lines
    inner join names on named_lines.user_name = names.user_name
    left join guessing on named_lines.format = guessing.format
),

-- no two lines of such a stretch of time are a pause apart, so that it can count as
-- one from here on
busy as (
    select
        ip,
        account,
        witness,
        min(start_time) as start_time,
        max(start_time) as end_time,
        min_by(event_id, start_time) as event_id,
        count(*) as event_count
    from on_lines
    group by
        ip, account, witness, floor(epoch(start_time) / (60 * $pause_minutes))
),

marked as (
    select
        *,
        coalesce(
            epoch(start_time) - epoch(lag(end_time) over told) > 60 * $pause_minutes,
            true
        )::int as is_first
    from busy
    window told as (partition by ip, account, witness order by start_time)
),

numbered as (
    select
        *,
        sum(is_first) over told as stretch
    from marked
    window
        told as (
            partition by ip, account, witness
            order by start_time
            rows between unbounded preceding and current row
        )
),

stretches as (
    select
        ip,
        account,
        witness,
        min(start_time) as start_time,
        max(end_time) as end_time,
        min_by(event_id, start_time) as event_id,
        sum(event_count) as event_count
    from numbered
    group by ip, account, witness, stretch
),

messages as (
    select
        logons.event_id,
        logons.time,
        logons.src_ip as ip,
        names.account,
        logons.activity,
        lead(logons.time) over by_address as next_time
    from logons
    inner join names on logons.user_name = names.user_name
    inner join guessing on logons.format = guessing.format
    where
        logons.src_ip is not null
        and (
            logons.activity = 'mapping'
            or (logons.activity = 'logoff' and logons.logon_kind is null)
        )
    window
        by_address as (
            partition by logons.source, logons.src_ip
            order by logons.time, logons.event_id
        )
),

mapped as (
    select
        ip,
        account,
        'mapping' as witness,
        time as start_time,
        least(
            coalesce(next_time, timestamptz '9999-12-31 00:00:00+00'),
            time + interval 1 minute * $mapping_minutes
        ) as end_time,
        event_id,
        1 as event_count
    from messages
    where activity = 'mapping'
),

sessions as (
    select
        logons.event_id,
        logons.time,
        logons.src_mac,
        logons.src_ip,
        logons.assigned_ip,
        names.account,
        logons.activity,
        logons.logon_kind,
        lead(logons.time) over by_client as next_time
    from logons
    inner join names on logons.user_name = names.user_name
    where
        (
            (logons.logon_kind = 'vpn' and logons.assigned_ip is not null)
            or (
                logons.logon_kind = 'wifi'
                and coalesce(logons.src_mac, logons.src_ip) is not null
            )
        )
    window
        by_client as (
            partition by
                logons.logon_kind,
                case
                    when logons.logon_kind = 'vpn' then logons.assigned_ip
                    else coalesce(logons.src_mac, logons.src_ip)
                end
            order by logons.time, logons.event_id
        )
),

opened as (
    select
        *,
        least(
            coalesce(next_time, timestamptz '9999-12-31 00:00:00+00'),
            time + interval 1 hour * $session_hours
        ) as end_time
    from sessions
    -- accounting says now and then that a session goes on, and at which address
    where activity <> 'logoff'
),

tunnelled as (
    select
        assigned_ip as ip,
        account,
        'tunnel' as witness,
        time as start_time,
        end_time,
        event_id,
        1 as event_count
    from opened
    where logon_kind = 'vpn'
),

-- a card that the network let in: at the address that was told, else at those that
-- it held then
on_air as (
    select
        coalesce(opened.src_ip, holders.ip) as ip,
        opened.account,
        'wifi' as witness,
        greatest(opened.time, coalesce(holders.start_time, opened.time))
            as start_time,
        least(opened.end_time, coalesce(holders.end_time, opened.end_time))
            as end_time,
        opened.event_id,
        1 as event_count
    from opened
    left join holders
        on
            opened.src_mac = holders.mac
            and opened.src_ip is null
            and opened.time < holders.end_time
            and opened.end_time > holders.start_time
    where opened.logon_kind = 'wifi' and coalesce(opened.src_ip, holders.ip) is not null
),

at_keyboard as (
    select
        holders.ip,
        keyboard_sessions.account,
        'keyboard' as witness,
        greatest(keyboard_sessions.start_time, holders.start_time) as start_time,
        least(keyboard_sessions.end_time, holders.end_time) as end_time,
        keyboard_sessions.event_id,
        1 as event_count
    from keyboard_sessions
    inner join holders
        on
            keyboard_sessions.device = holders.device
            and keyboard_sessions.start_time < holders.end_time
            and keyboard_sessions.end_time > holders.start_time
),

seen as (
    select * from stretches
    union all
    select * from mapped
    union all
    select * from tunnelled
    union all
    select * from on_air
    union all
    select * from at_keyboard
)

select
    ip,
    account,
    witness,
    start_time,
    max(end_time) as end_time,
    min(event_id) as event_id,
    sum(event_count)::bigint as event_count,
    $event_date::date as event_date
from seen
where end_time > $event_date::timestamptz - interval 1 day
group by ip, account, witness, start_time
