/* ---
summary: >
  How far each Windows host's clock is off, measured against the directory: the
  median difference between a logon in the host's own log and the domain
  controller's record of the same account from that host: a network logon, or a ticket
  (4768) for the address that a lease or the registry gives the host. Without a pair
  the clock is unknown, which a rule must say.
grain: [host, event_date]
lookback: 14
params:
  event_date: {type: date}
  pair_minutes:
    type: int
    default: 30
    min: 1
    max: 120
    unit: minutes
    why: clocks further off than this break Kerberos before they mislead anyone
  ticket_minutes:
    type: int
    default: 5
    min: 1
    max: 30
    unit: minutes
    why: >-
      Kerberos refuses clocks that differ by more; a ticket further off may be of
      another logon
columns:
  host: {type: varchar, pii: indirect, is: host name}
  offset_seconds: {type: double, is: to be added to the host's stamps}
  spread_seconds: {type: double, is: median absolute deviation of the pairs}
  pair_count: {type: bigint, is: number of pairs}
  event_date: date
--- */
with

logons as (
    select
        event_id,
        host,
        reported_by,
        user_name,
        time,
        activity,
        logon_kind,
        event_code,
        src_ip
    from raw.logons
    where
        event_date between $event_date::date - interval 6 day and $event_date::date
        and activity in ('logon', 'ticket')
        and is_success
        and proven_name(user_name, name_proof, null) is not null
        and not coalesce(is_machine, false)
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

at_host as (
    select
        logons.event_id,
        logons.host,
        names.account,
        logons.time
    from logons
    inner join names on logons.user_name = names.user_name
    where
        logons.activity = 'logon'
        and logons.reported_by = logons.host
        and logons.logon_kind = 'interactive'
),

devices as (
    select
        device,
        hostname,
        mac,
        ethernet_mac,
        private_macs,
        static_ip
    from identity.devices
    where event_date = $event_date::date and hostname is not null
),

-- who held the address for which a domain controller issued a ticket
tickets as (
    select
        logons.event_id,
        logons.time,
        logons.src_ip,
        names.account
    from logons
    inner join names on logons.user_name = names.user_name
    where logons.event_code = '4768' and logons.src_ip is not null
),

leased as (
    select
        tickets.event_id,
        arg_max(leases.mac, leases.time) as mac
    from tickets
    inner join raw.leases as leases
        on
            tickets.src_ip = leases.ip
            and leases.time between tickets.time - interval 8 day and tickets.time
    where
        leases.event_date between $event_date::date - interval 14 day
        and $event_date::date
        and leases.action in ('assign', 'renew')
        and leases.mac is not null
    group by tickets.event_id
),

cards as (
    select distinct
        hostname,
        unnest([mac, ethernet_mac] || coalesce(private_macs, [])) as mac
    from devices
),

at_address as (
    select
        cards.hostname as host,
        tickets.account,
        tickets.time
    from tickets
    inner join leased on tickets.event_id = leased.event_id
    inner join cards on leased.mac = cards.mac
    union all
    select
        devices.hostname as host,
        tickets.account,
        tickets.time
    from tickets
    anti join leased on tickets.event_id = leased.event_id
    inner join devices on tickets.src_ip = devices.static_ip
    union all
    select
        unlisted.name as host,
        tickets.account,
        tickets.time
    from tickets
    inner join leased on tickets.event_id = leased.event_id
    inner join identity.unlisted_computers as unlisted
        on
            'mac:' || leased.mac = unlisted.device
            and unlisted.event_date = $event_date::date
),

at_directory as (
    select
        logons.host,
        names.account,
        logons.time,
        60 * $pair_minutes as within_seconds
    from logons
    inner join names on logons.user_name = names.user_name
    where
        logons.activity = 'logon'
        and logons.reported_by <> logons.host
        and logons.logon_kind = 'network'
    union all
    select
        host,
        account,
        time,
        60 * $ticket_minutes as within_seconds
    from at_address
),

paired as (
    select
        at_host.host,
        at_host.event_id,
        epoch(at_directory.time) - epoch(at_host.time) as difference
    from at_host
    inner join at_directory
        on
            at_host.host = at_directory.host
            and at_host.account = at_directory.account
            and abs(epoch(at_directory.time) - epoch(at_host.time))
            <= at_directory.within_seconds
    -- the nearest record is the one of this logon
    qualify
        row_number() over (
            partition by at_host.event_id
            order by
                abs(epoch(at_directory.time) - epoch(at_host.time)), at_directory.time
        ) = 1
),

centered as (
    select
        host,
        difference,
        median(difference) over (partition by host) as middle
    from paired
)

select
    host,
    max(middle) as offset_seconds,
    median(abs(difference - middle)) as spread_seconds,
    count(*) as pair_count,
    $event_date::date as event_date
from centered
group by host
