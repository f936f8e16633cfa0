-- The owner, the pool and the class of a device on a day.
select assigned_to, pool, device_class from identity.devices
where device = $device and event_date = $day order by all limit 1
