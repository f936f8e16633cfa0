/* ---
summary: >
  Each device of the district as of a day: its names and cards, its class, and the
  person to whom it was assigned then. Values missing from the registry come from the
  logs (`identity.learned_devices`); `learned` lists them.
grain: [device, event_date]
params:
  event_date: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: 'host name, or serial number or MAC'}
  hostname: varchar
  serial: varchar
  asset_tag: varchar
  directory_id: {type: varchar, pii: indirect, is: the directory's id of the device}
  mac: {type: varchar, pii: indirect, is: network card}
  ethernet_mac: {type: varchar, pii: indirect, is: second network card}
  private_macs:
    type: 'varchar[]'
    pii: indirect
    is: cards that it made up for a network; empty if none
  device_class: {type: varchar, is: 'desktop, laptop, chromebook and so on'}
  assigned_to: {type: varchar, pii: indirect, is: person who had it on that day}
  building: {type: varchar, is: building it belongs to}
  pool: varchar
  usual_user:
    type: varchar
    pii: indirect
    is: person who uses it nearly alone by its logs, where the registry names no one
  static_ip: varchar
  learned:
    type: varchar
    is: 'facts that logs filled in, such as card, class; null if none'
  event_date: {type: date, is: local day}
--- */
select
    devices.device,
    devices.hostname,
    devices.serial,
    devices.asset_tag,
    devices.directory_id,
    coalesce(devices.mac, learned.mac) as mac,
    coalesce(devices.ethernet_mac, learned.other_mac) as ethernet_mac,
    coalesce(learned.private_macs, []::varchar[]) as private_macs,
    coalesce(
        nullif(devices.device_class, 'other'),
        learned.device_class,
        devices.device_class
    ) as device_class,
    devices.assigned_to,
    coalesce(devices.building, learned.building) as building,
    devices.pool,
    learned.usual_user,
    devices.static_ip,
    nullif(
        array_to_string(
            list_filter(
                [
                    case
                        when coalesce(learned.mac, learned.private_macs[1]) is not null
                            then 'card'
                    end,
                    case when learned.device_class is not null then 'class' end,
                    case when learned.building is not null then 'building' end,
                    case when learned.usual_user is not null then 'user' end
                ],
                lambda fact: fact is not null
            ),
            ', '
        ),
        ''
    ) as learned,
    $event_date::date as event_date
from registry.devices
left join identity.learned_devices as learned
    on devices.device = learned.device and learned.event_date = $event_date::date
where
    $event_date::date between coalesce(devices.valid_from, date '0001-01-01')
    and coalesce(devices.valid_to, date '9999-12-31')
