/* ---
summary: >
  Computers that write their own logons and that the registry lacks, each with the card
  that its leases name. The name in a lease is the client's word, so the domain
  controller must show as well that an account was authenticated from that address when
  it logged on at the computer's keyboard. A name of two cards identifies none, and a
  card of two names is a docking station's.
grain: [name, event_date]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  ticket_minutes:
    type: int
    default: 5
    min: 1
    max: 30
    unit: minutes
    why: Kerberos refuses clocks that differ by more
columns:
  name: {type: varchar, pii: indirect, is: host name in its own log and in its leases}
  device: {type: varchar, pii: indirect, is: 'mac: and its card'}
  event_date: date
--- */
with

logons as (
    select
        host,
        reported_by,
        user_name,
        src_ip,
        time,
        activity,
        logon_kind
    from raw.logons
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and activity in ('logon', 'unlock', 'ticket')
        and coalesce(is_success, true)
        and not coalesce(is_machine, false)
        and proven_name(user_name, name_proof, null) is not null
),

registered as (
    select name
    from identity.device_names
    where event_date = $event_date::date
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

leases as (
    select distinct
        split_part(lower(hostname), '.', 1) as name,
        mac,
        ip
    from raw.leases
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and action in ('assign', 'renew')
        and hostname is not null
        and mac is not null
),

-- the card's only name, and the name's only card
paired as (
    select
        name,
        mac,
        ip
    from leases
    qualify
        min(mac) over (partition by name) = max(mac) over (partition by name)
        and min(name) over (partition by mac) = max(name) over (partition by mac)
),

at_keyboards as (
    select
        logons.host,
        split_part(logons.host, '.', 1) as name,
        logons.time,
        names.account
    from logons
    inner join names on logons.user_name = names.user_name
    where
        logons.host = logons.reported_by
        and logons.activity in ('logon', 'unlock')
        and logons.logon_kind in ('interactive', 'cached')
),

authenticated as (
    select
        logons.src_ip,
        logons.time,
        names.account
    from logons
    inner join names on logons.user_name = names.user_name
    where
        logons.src_ip is not null
        and (
            logons.activity = 'ticket'
            or (logons.activity = 'logon' and logons.logon_kind = 'network')
        )
)

select distinct
    at_keyboards.host as name,
    'mac:' || paired.mac as device,
    $event_date::date as event_date
from at_keyboards
inner join paired on at_keyboards.name = paired.name
inner join authenticated
    on
        paired.ip = authenticated.src_ip
        and at_keyboards.account = authenticated.account
        and abs(epoch(at_keyboards.time) - epoch(authenticated.time))
        <= 60 * $ticket_minutes
left join registered as by_name on at_keyboards.name = by_name.name
left join registered as by_host on at_keyboards.host = by_host.name
left join registered as by_card on paired.mac = by_card.name
where
    by_name.name is null
    and by_host.name is null
    and by_card.name is null
