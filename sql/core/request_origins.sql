/* ---
kind: ephemeral
summary: >
  The device and the place that every web request of a day came from. From outside,
  where no VPN log identifies the device, it is assumed to be the owner's while the
  account is at its keyboard; a device that is on site at that time is not it.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
  on_site_minutes:
    type: int
    default: 10
    min: 1
    max: 120
    unit: minutes
    why: no one leaves a building and works from home within it
columns:
  event_id: core.request_places
  source: core.request_places
  time: core.request_places
  start_time: core.request_places
  is_ambiguous_time: core.request_places
  src_ip: core.request_places
  user_name: core.request_places
  is_mapped: core.request_places
  url_hostname: core.request_places
  method: core.request_places
  status_code: core.request_places
  bytes_in: core.request_places
  bytes_out: core.request_places
  is_half: core.request_places
  content_type: core.request_places
  category: core.request_places
  disposition: core.request_places
  device: core.request_places
  device_basis:
    type: varchar
    is: >-
      lease, static, tunnel, keyboard or agent; contradicted where it was on site then
  binding_event_id: core.request_places
  taken_over_time: core.request_places
  device_class: core.request_places
  device_pool: core.request_places
  assigned_to: core.request_places
  usual_user: core.request_places
  owner_account: core.request_places
  is_district_device: core.request_places
  net_kind: core.request_places
  building: core.request_places
  has_location: core.request_places
  is_remote: core.request_places
  is_crowded: core.request_places
--- */
with

requests as (
    select *
    from core.request_places
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

accounts as (
    select
        account,
        person_id
    from identity.accounts
    where event_date = $event_date::date
),

keyboard_sessions as (
    select
        account,
        device,
        start_time,
        end_time
    from identity.presences
    where event_date = $event_date::date and state = 'live'
),

own_devices as (
    select
        device,
        device_class,
        assigned_to
    from identity.devices
    where
        event_date = $event_date::date
        and pool is null
        and device_class in ('laptop', 'chromebook')
),

tunnels as (
    select
        ip,
        account,
        start_time,
        end_time
    from identity.account_addresses
    where event_date = $event_date::date and witness = 'tunnel'
),

on_site as (
    select distinct
        device,
        epoch(start_time)::bigint // (60 * $on_site_minutes) as slot
    from requests
    where has_location and device_basis in ('lease', 'static')
),

-- a login from outside, or a tunnel's account, on a device that no log identifies: at
-- which of the owner's own devices the account was at the keyboard
at_keyboard as (
    select
        requests.event_id,
        min(own_devices.device) as device,
        min(own_devices.device_class) as device_class,
        min(own_devices.assigned_to) as assigned_to
    from requests
    inner join names on requests.user_name = names.user_name
    inner join accounts on names.account = accounts.account
    inner join keyboard_sessions
        on
            names.account = keyboard_sessions.account
            and requests.start_time between keyboard_sessions.start_time
            and keyboard_sessions.end_time
    inner join own_devices
        on
            keyboard_sessions.device = own_devices.device
            and accounts.person_id = own_devices.assigned_to
    left join tunnels
        on
            requests.src_ip = tunnels.ip
            and names.account = tunnels.account
            and requests.start_time between tunnels.start_time and tunnels.end_time
    left join on_site
        on
            own_devices.device = on_site.device
            and epoch(requests.start_time)::bigint // (60 * $on_site_minutes)
            between on_site.slot - 1 and on_site.slot + 1
    where
        requests.is_remote
        and on_site.device is null
        -- a tunnel names an account; for some tunnels the device is known
        and coalesce(is_unknown_tunnel(requests.device), true)
        and (not requests.is_mapped or tunnels.ip is not null)
    group by requests.event_id
    having count(distinct own_devices.device) = 1
),

with_device as not materialized (
    select
        requests.* replace (
            coalesce(at_keyboard.device, requests.device) as device,
            if(
                at_keyboard.event_id is null, requests.device_basis, 'keyboard'
            ) as device_basis,
            coalesce(at_keyboard.device_class, requests.device_class) as device_class,
            coalesce(at_keyboard.assigned_to, requests.assigned_to) as assigned_to,
            requests.is_district_device or at_keyboard.event_id is not null
                as is_district_device
        )
    from requests
    left join at_keyboard on requests.event_id = at_keyboard.event_id
),

contradicted as (
    select distinct with_device.event_id
    from with_device
    inner join on_site
        on
            with_device.device = on_site.device
            and epoch(with_device.start_time)::bigint // (60 * $on_site_minutes)
            between on_site.slot - 1 and on_site.slot + 1
    where with_device.is_remote and with_device.device_basis in ('tunnel', 'keyboard')
)

select
    with_device.* replace (
        if(contradicted.event_id is null, with_device.device_basis, 'contradicted')
            as device_basis,
        with_device.is_district_device and contradicted.event_id is null
            as is_district_device
    )
from with_device
left join contradicted on with_device.event_id = contradicted.event_id
