/* ---
summary: >
  The names of a district device in the logs of a day: its host name, serial number,
  asset tag, the directory's ID or its network card, in lower case. A name that several
  devices share identifies none of them.
grain: [name, event_date]
params:
  event_date: {type: date}
columns:
  name: {type: varchar, pii: indirect, is: a name that logs may use}
  device: {type: varchar, pii: indirect, is: device of that name}
  device_class: varchar
  event_date: date
--- */
with

devices as (
    select *
    from identity.devices
    where event_date = $event_date::date
),

named as (
    select
        unnest(
            [hostname, serial, asset_tag, directory_id, mac, ethernet_mac]
            || coalesce(private_macs, []::varchar[])
        ) as name,
        device,
        device_class
    from devices
)

select
    name,
    min(device) as device,
    min(device_class) as device_class,
    $event_date::date as event_date
from named
where name is not null
group by name
having count(distinct device) = 1
