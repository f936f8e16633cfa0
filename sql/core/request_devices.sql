/* ---
kind: ephemeral
summary: >
  The device of every web request of a day: the one that the line names, otherwise the
  one that held the address when the request began.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
columns:
  event_id: core.request_lines
  source: core.request_lines
  time: core.request_lines
  start_time: core.request_lines
  is_ambiguous_time: core.request_lines
  src_ip: core.request_lines
  user_name: core.request_lines
  is_mapped: core.request_lines
  url_hostname: core.request_lines
  method: core.request_lines
  status_code: core.request_lines
  bytes_in: core.request_lines
  bytes_out: core.request_lines
  is_half: core.request_lines
  content_type: core.request_lines
  category: core.request_lines
  disposition: core.request_lines
  device: {type: varchar, pii: indirect, is: device that held the address}
  device_basis:
    type: varchar
    is: 'lease, static, tunnel or agent: how the device is known'
  binding_event_id:
    type: bigint
    is: the lease that identifies the device, or the tunnel's login
  taken_over_time:
    type: timestamptz
    is: when this device took the address over from another one
  device_class: {type: varchar, is: class of the device}
  device_pool: {type: varchar, is: shared stock it belongs to}
  assigned_to:
    type: varchar
    pii: indirect
    is: person the device is assigned to
  usual_user:
    type: varchar
    pii: indirect
    is: person who uses the device nearly alone
  owner_account:
    type: varchar
    pii: direct
    is: account of the person the device is assigned to
  is_district_device: {type: boolean, is: district property by the registry}
  is_named: {type: boolean, is: the line names the device}
  is_named_elsewhere:
    type: boolean
    is: the line names the device, and no lease gives it the address
  is_district_address:
    type: boolean
    is: a device of the district held the address
--- */
with

lines as (
    select *
    from core.request_lines
),

devices as (
    select
        device,
        device_class,
        pool,
        assigned_to,
        usual_user
    from identity.devices
    where event_date = $event_date::date
),

-- the account of the device's owner, for the grade that depends on the owner alone; of
-- several no line shows which was in use
owners as (
    select
        person_id,
        min(account) as account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and is_valid
        and not is_admin
        and not coalesce(approved_shared, false)
        and person_id is not null
    group by person_id
    having count(*) = 1
),

registered as (
    select
        devices.*,
        coalesce(devices.device_class <> 'phone_byod', true) as is_district_device,
        owners.account as owner_account
    from devices
    left join owners on devices.assigned_to = owners.person_id
),

holders as (
    select
        leases.ip,
        leases.start_time,
        leases.end_time,
        leases.taken_over_time,
        leases.binding,
        leases.lease_event_id,
        leases.device,
        registered.* exclude (device)
    from identity.address_devices as leases
    left join registered on leases.device = registered.device
    where leases.event_date = $event_date::date
),

named as (
    select
        names.name,
        registered.*
    from identity.device_names as names
    inner join registered on names.device = registered.device
    where names.event_date = $event_date::date
)

select
    lines.* exclude (machine),
    coalesce(named.device, holders.device) as device,
    case
        when named.device is null or named.device = holders.device then holders.binding
        else 'agent'
    end as device_basis,
    -- whichever device the line names: the tunnel's login is who opened the tunnel
    case
        when
            named.device is null
            or named.device = holders.device
            or holders.binding = 'tunnel'
            then holders.lease_event_id
    end as binding_event_id,
    holders.taken_over_time,
    if(named.device is null, holders.device_class, named.device_class) as device_class,
    if(named.device is null, holders.pool, named.pool) as device_pool,
    if(named.device is null, holders.assigned_to, named.assigned_to) as assigned_to,
    if(named.device is null, holders.usual_user, named.usual_user) as usual_user,
    if(named.device is null, holders.owner_account, named.owner_account)
        as owner_account,
    if(
        named.device is null,
        coalesce(holders.is_district_device, false),
        named.is_district_device
    ) as is_district_device,
    named.device is not null as is_named,
    coalesce(named.device <> holders.device, named.device is not null)
        as is_named_elsewhere,
    coalesce(holders.is_district_device, false) as is_district_address
from lines
left join holders
    on
        lines.src_ip = holders.ip
        and lines.start_time >= holders.start_time
        and lines.start_time < holders.end_time
left join named on lines.machine = named.name
