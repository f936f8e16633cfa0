/* ---
summary: >
  Each device of the district as it stood on a day: its name and cards, what it is,
  and to whom it was given then.
grain: [device, event_date]
params:
  event_date: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: 'host name, else serial number, else MAC'}
  hostname: {type: varchar, pii: indirect, is: host name in lower case}
  serial: {type: varchar, pii: indirect, is: serial number in lower case}
  asset_tag: {type: varchar, pii: indirect, is: asset tag in lower case}
  directory_id: {type: varchar, pii: indirect, is: the directory's id of the device}
  mac: {type: varchar, pii: indirect, is: network card}
  ethernet_mac: {type: varchar, pii: indirect, is: second network card}
  device_class: {type: varchar, is: 'desktop, laptop, chromebook and so on'}
  assigned_to: {type: varchar, pii: indirect, is: person who had it on that day}
  building: {type: varchar, is: building it belongs to}
  pool: {type: varchar, is: shared stock it belongs to}
  static_ip: {type: varchar, pii: indirect, is: fixed address}
  event_date: {type: date, is: local day}
--- */
select
    device,
    hostname,
    serial,
    asset_tag,
    directory_id,
    mac,
    ethernet_mac,
    device_class,
    assigned_to,
    building,
    pool,
    static_ip,
    $event_date::date as event_date
from registry.devices
where
    $event_date::date between coalesce(valid_from, date '0001-01-01')
    and coalesce(valid_to, date '9999-12-31')
