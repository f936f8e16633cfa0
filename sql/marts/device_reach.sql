/* ---
summary: >
  When the logs last showed each device of the registry, on the district's networks or
  through a tunnel. A device that leaves the district and never used a tunnel is unknown
  while away; a device that is in no log may be lost, unused or offline.
grain: [device]
columns:
  device: core.outside_flows
  device_class: core.outside_flows
  is_portable: {type: boolean, is: a laptop or a Chromebook}
  last_seen_date: {type: date, is: last local day with an address or a connection}
  last_outside_date: {type: date, is: last local day in a tunnel}
--- */
with

seen as (
    select
        device,
        event_date,
        binding = 'tunnel' as is_outside
    from identity.address_devices
    where binding in ('lease', 'tunnel')
    union
    select
        device,
        event_date,
        coalesce(net_kind = 'remote', false) as is_outside
    from core.outside_flows
    where is_registered
),

days as (
    select
        device,
        max(event_date) as last_seen_date,
        max(event_date) filter (where is_outside) as last_outside_date
    from seen
    group by device
),

-- a row per device: the newest gives its kind
registered as (
    select
        device,
        arg_max(device_class, coalesce(valid_from, date '0001-01-01')) as device_class
    from registry.devices
    where coalesce(device_class, '') <> 'phone_byod'
    group by device
)

select
    registered.device,
    registered.device_class,
    coalesce(registered.device_class in ('laptop', 'chromebook'), false)
        as is_portable,
    days.last_seen_date,
    days.last_outside_date
from registered
left join days on registered.device = days.device
