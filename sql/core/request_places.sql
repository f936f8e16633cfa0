/* ---
kind: ephemeral
summary: >
  The network and the building that every web request of a day came from. In a network
  that spans buildings the access point that the device joined identifies the building;
  where it and the network name two, neither counts. A device that the line names is in
  the network only where a lease gives this device the address: a network at home may
  use the same private addresses.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
columns:
  event_id: core.request_devices
  source: core.request_devices
  time: core.request_devices
  start_time: core.request_devices
  is_ambiguous_time: core.request_devices
  src_ip: core.request_devices
  user_name: core.request_devices
  is_mapped: core.request_devices
  url_hostname: core.request_devices
  method: core.request_devices
  status_code: core.request_devices
  bytes_in: core.request_devices
  bytes_out: core.request_devices
  is_half: core.request_devices
  content_type: core.request_devices
  category: core.request_devices
  disposition: core.request_devices
  device: core.request_devices
  device_basis: core.request_devices
  binding_event_id: core.request_devices
  taken_over_time: core.request_devices
  device_class: core.request_devices
  device_pool: core.request_devices
  assigned_to: core.request_devices
  usual_user: core.request_devices
  owner_account: core.request_devices
  is_district_device: core.request_devices
  net_kind: varchar
  building: identity.places
  has_location: {type: boolean, is: the network identifies the building}
  is_remote: {type: boolean, is: the address is in a network outside the buildings}
  is_crowded: {type: boolean, is: 'many share the address, as behind NAT'}
--- */
with

requests as (
    select *
    from core.request_devices
),

wifi_sessions as (
    select
        sessions.device,
        sessions.start_time,
        sessions.end_time,
        sessions.building
    from identity.presences as sessions
    inner join registry.buildings as buildings
        on sessions.building = buildings.building
    where
        sessions.event_date = $event_date::date
        and sessions.presence = 'wifi'
        and sessions.device is not null
),

with_network as (
    select
        requests.* exclude (is_named, is_named_elsewhere, is_district_address),
        case
            -- the VPN gave the address out, whatever network the registry lacks
            when places.ip is null and requests.device_basis = 'tunnel' then 'remote'
            when not requests.is_named then places.net_kind
            when places.ip is null then 'remote'
            when requests.is_named_elsewhere and requests.is_district_address
                then 'remote'
            else places.net_kind
        end as net_kind,
        if(requests.is_named_elsewhere, null, places.building) as building,
        coalesce(places.has_location, false)
        and not requests.is_named_elsewhere as has_location,
        coalesce(
            places.net_kind = 'remote'
            or (places.ip is null and requests.device_basis = 'tunnel'),
            false
        ) as is_remote,
        coalesce(places.net_kind in ('nat', 'vdi'), false) as is_crowded
    from requests
    left join identity.places as places on requests.src_ip = places.ip
),

-- the access point or switch that authenticated the device
access_points as (
    select
        with_network.event_id,
        min(wifi_sessions.building) as building
    from with_network
    inner join wifi_sessions
        on
            with_network.device = wifi_sessions.device
            and with_network.start_time between wifi_sessions.start_time
            and wifi_sessions.end_time
    where with_network.net_kind in ('wired', 'lab', 'wifi')
    group by with_network.event_id
    having min(wifi_sessions.building) = max(wifi_sessions.building)
)

select
    with_network.* replace (
        coalesce(with_network.building, access_points.building) as building,
        case
            when access_points.building is null then with_network.has_location
            else coalesce(with_network.building = access_points.building, true)
        end as has_location
    )
from with_network
left join access_points on with_network.event_id = access_points.event_id
