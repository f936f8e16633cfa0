/* ---
summary: >
  Which device held an address, and for how long: by a lease, by a tunnel from outside,
  or fixed in the registry. A lease ends when it is released, expires, runs out, goes to
  another card, or is next renewed. A lease without renewal for a long time is not
  trusted; on Wi-Fi, where addresses linger, sooner. A VPN login with a machine name
  identifies the device, or shows that the registry lacks it. Without a machine name a
  tunnel is an unknown device, named by the tunnel's address: the account is proven, and
  the device may be private.
grain: [ip, start_time, device, event_date]
lookback: 8
lookahead: 1
params:
  event_date: {type: date}
  lease_hours:
    type: int
    default: 192
    min: 1
    max: 744
    unit: hours
    why: an eight-day lease is the usual default where the log names no end
  wifi_hours:
    type: int
    default: 12
    min: 1
    max: 48
    unit: hours
    why: a device that left keeps its address on paper; a school day is shorter
columns:
  ip: {type: varchar, pii: indirect, is: address}
  mac: {type: varchar, pii: indirect, is: card that holds it}
  device:
    type: varchar
    pii: indirect
    is: 'registry name; otherwise mac: and the card, or tunnel: and the address'
  is_registered: {type: boolean, is: the registry has the device}
  start_time: {type: timestamptz, is: from this instant}
  end_time: timestamptz
  binding: {type: varchar, is: 'lease, tunnel or static'}
  lease_event_id: {type: bigint, is: the lease event}
  event_date: {type: date, is: local day that the row serves}
--- */
with

leases as (
    select
        event_id,
        time,
        ip,
        mac,
        action,
        lease_end_time
    from raw.leases
    where
        event_date between $event_date::date - interval 8 day
        and $event_date::date + interval 1 day
        and action in ('assign', 'renew', 'release', 'expire')
        and ip is not null
),

devices as (
    select
        device,
        mac,
        ethernet_mac,
        private_macs,
        static_ip
    from identity.devices
    where event_date = $event_date::date
),

cards as (
    select
        mac,
        min(device) as device
    from (
        select
            device,
            unnest(
                [mac, ethernet_mac] || coalesce(private_macs, []::varchar[])
            ) as mac
        from devices
    ) as held
    where mac is not null
    group by mac
),

places as (
    select
        ip,
        net_kind
    from identity.places
),

stepped as (
    select
        *,
        lead(time) over by_address as next_time
    from leases
    window by_address as (partition by ip order by time, event_id)
),

believed as (
    select
        stepped.*,
        coalesce(places.net_kind in ('wifi', 'byod', 'guest'), false) as lingers
    from stepped
    left join places on stepped.ip = places.ip
    where stepped.action in ('assign', 'renew') and stepped.mac is not null
),

leased as (
    select
        believed.ip,
        believed.mac,
        coalesce(cards.device, 'mac:' || believed.mac) as device,
        cards.device is not null as is_registered,
        believed.time as start_time,
        least(
            coalesce(believed.next_time, timestamptz '9999-12-31 00:00:00+00'),
            coalesce(
                believed.lease_end_time,
                believed.time + interval 1 hour * $lease_hours
            ),
            case
                when believed.lingers
                    then believed.time + interval 1 hour * $wifi_hours
                else timestamptz '9999-12-31 00:00:00+00'
            end
        ) as end_time,
        'lease' as binding,
        believed.event_id as lease_event_id
    from believed
    left join cards on believed.mac = cards.mac
),

tunnels as (
    select
        ip,
        account,
        start_time,
        end_time,
        machine,
        event_id
    from identity.presences
    where event_date = $event_date::date and presence = 'tunnel'
),

owned as (
    select account
    from registry.accounts
    where account_type = 'person'
    group by account
    having count(distinct owner_person_id) = 1
),

machines as (
    select
        name,
        device
    from identity.device_names
    where event_date = $event_date::date
),

tunnelled as (
    select
        tunnels.ip,
        null as mac,
        coalesce(machines.device, unknown_tunnel(tunnels.ip)) as device,
        machines.device is not null as is_registered,
        tunnels.start_time,
        tunnels.end_time,
        'tunnel' as binding,
        tunnels.event_id as lease_event_id
    from tunnels
    semi join owned on tunnels.account = owned.account
    left join machines on tunnels.machine = machines.name
),

fixed as (
    select
        static_ip as ip,
        mac,
        device,
        true as is_registered,
        $event_date::timestamptz - interval 1 day as start_time,
        $event_date::timestamptz + interval 3 day as end_time,
        'static' as binding,
        null::bigint as lease_event_id
    from devices
    where static_ip is not null
),

held as (
    select * from leased
    union all
    select * from tunnelled
    union all
    select * from fixed
)

select
    ip,
    mac,
    device,
    is_registered,
    start_time,
    end_time,
    binding,
    lease_event_id,
    $event_date::date as event_date
from held
where
    end_time > start_time
    and end_time > $event_date::timestamptz - interval 1 day
    and start_time < $event_date::timestamptz + interval 3 day
qualify
    row_number() over (
        partition by ip, start_time, device
        order by lease_event_id
    ) = 1
