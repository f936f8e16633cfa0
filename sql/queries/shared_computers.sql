/* ---
summary: Computers at whose keyboard several accounts sat in seven days from a day.
grain: [device]
params:
  first: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class in the registry}
  building: {type: varchar, is: building}
  account_count: {type: bigint, is: accounts that logged on}
  logon_count: {type: bigint, is: logons}
  most_in_a_day: {type: bigint, is: most accounts in one day}
--- */
with
days as (
    select
        device,
        event_date,
        count(distinct account) as account_count
    from core.presences
    where
        presence = 'keyboard'
        and event_date between $first::date and $first::date + interval 6 day
    group by device, event_date
),

logons as (
    select
        device,
        count(distinct account) as account_count,
        count(*) as logon_count
    from core.presences
    where
        presence = 'keyboard'
        and event_date between $first::date and $first::date + interval 6 day
    group by device
    having count(distinct account) > 1
)

select
    logons.device,
    min(devices.device_class) as device_class,
    min(devices.building) as building,
    logons.account_count,
    logons.logon_count,
    max(days.account_count) as most_in_a_day
from logons
inner join days on logons.device = days.device
left join identity.devices as devices
    on
        days.device = devices.device
        and days.event_date = devices.event_date
group by logons.device, logons.account_count, logons.logon_count
order by logons.account_count desc, logons.device
