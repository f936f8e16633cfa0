/* ---
kind: ephemeral
summary: >
  The device and the place that every web request of a day came from. From outside,
  where no VPN log identifies the device, it is assumed to be the owner's while the
  account is at its keyboard; a device that is on site at that time is not it. Behind a
  building's one address (NAT), a line that names the account is of the owner's desktop
  there while that is the account's only live keyboard and all its requests of those
  minutes come from Windows programs: a phone with the same login makes others.
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
      lease, static, tunnel, keyboard, desk or agent; contradicted where it was on site
      then
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
claimed as (
    select
        requests.event_id,
        requests.src_ip,
        requests.start_time,
        requests.device,
        requests.is_mapped,
        names.account
    from requests
    inner join names on requests.user_name = names.user_name
    where requests.is_remote
    union
    select
        requests.event_id,
        requests.src_ip,
        requests.start_time,
        requests.device,
        false as is_mapped,
        tunnels.account
    from requests
    inner join tunnels
        on
            requests.src_ip = tunnels.ip
            and requests.start_time between tunnels.start_time and tunnels.end_time
    where requests.is_remote and requests.user_name is null
),

at_keyboard as (
    select
        requests.event_id,
        min(own_devices.device) as device,
        min(own_devices.device_class) as device_class,
        min(own_devices.assigned_to) as assigned_to
    from claimed as requests
    inner join accounts on requests.account = accounts.account
    inner join keyboard_sessions
        on
            requests.account = keyboard_sessions.account
            and requests.start_time between keyboard_sessions.start_time
            and keyboard_sessions.end_time
    inner join own_devices
        on
            keyboard_sessions.device = own_devices.device
            and accounts.person_id = own_devices.assigned_to
    left join tunnels
        on
            requests.src_ip = tunnels.ip
            and requests.account = tunnels.account
            and requests.start_time between tunnels.start_time and tunnels.end_time
    left join on_site
        on
            own_devices.device = on_site.device
            and epoch(requests.start_time)::bigint // (60 * $on_site_minutes)
            between on_site.slot - 1 and on_site.slot + 1
    where
        on_site.device is null
        -- a tunnel names an account; for some tunnels the device is known
        and coalesce(is_unknown_tunnel(requests.device), true)
        and (not requests.is_mapped or tunnels.ip is not null)
    group by requests.event_id
    having count(distinct own_devices.device) = 1
),

-- behind one address of many: lines with the account's login, and what wrote them
nat_lines as (
    select
        event_id,
        user_name,
        src_ip,
        building,
        start_time,
        epoch(start_time)::bigint // (60 * $on_site_minutes) as slot
    from requests
    where
        net_kind = 'nat'
        and device is null
        and building is not null
        and user_name is not null
        and not is_mapped
),

nat_agents as (
    select
        nat_lines.user_name,
        nat_lines.src_ip,
        nat_lines.slot,
        bool_or(lines.user_agent like '%Windows NT%') as has_windows,
        bool_or(
            lines.user_agent not like '%Windows NT%'
            and regexp_matches(
                lines.user_agent,
                'iP(hone|ad|od)|Android|Mobile|CFNetwork|Darwin|okhttp|Dalvik|CrOS'
                || '|Macintosh|Linux'
            )
        ) as has_other
    from nat_lines
    inner join raw.http_requests as lines on nat_lines.event_id = lines.event_id
    where
        lines.event_date = $event_date::date
        and lines.user_agent is not null
    group by nat_lines.user_name, nat_lines.src_ip, nat_lines.slot
),

-- a minute before may belong to the phone that goes on a minute later
windows_only as (
    select
        here.user_name,
        here.src_ip,
        here.slot
    from nat_agents as here
    inner join nat_agents as nearby
        on
            here.user_name = nearby.user_name
            and here.src_ip = nearby.src_ip
            and nearby.slot between here.slot - 1 and here.slot + 1
    where here.has_windows
    group by here.user_name, here.src_ip, here.slot
    having not bool_or(nearby.has_other)
),

-- whatever the account has at that moment: a phone's network login, a shared computer
account_sessions as (
    select
        account,
        coalesce(device, mac, ip, 'unknown') as device,
        state,
        start_time,
        end_time
    from identity.presences
    where
        event_date = $event_date::date
        and state in ('live', 'connected')
        and presence in ('keyboard', 'wifi', 'tunnel')
),

at_desk as (
    select
        nat_lines.event_id,
        min(desks.device) as device,
        min(desks.device_class) as device_class,
        min(desks.assigned_to) as assigned_to
    from nat_lines
    inner join windows_only
        on
            nat_lines.user_name = windows_only.user_name
            and nat_lines.src_ip = windows_only.src_ip
            and nat_lines.slot = windows_only.slot
    inner join names on nat_lines.user_name = names.user_name
    inner join accounts on names.account = accounts.account
    inner join account_sessions
        on
            names.account = account_sessions.account
            and nat_lines.start_time between account_sessions.start_time
            and account_sessions.end_time
    left join identity.devices as desks
        on
            account_sessions.device = desks.device
            and account_sessions.state = 'live'
            and desks.event_date = $event_date::date
            and desks.pool is null
            and desks.device_class = 'desktop'
            and desks.assigned_to = accounts.person_id
            and desks.building = nat_lines.building
    group by nat_lines.event_id
    having
        count(distinct account_sessions.device) = 1
        and bool_and(desks.device is not null)
),

assumed as (
    select
        *,
        'keyboard' as device_basis
    from at_keyboard
    union all
    select
        *,
        'desk' as device_basis
    from at_desk
),

with_device as not materialized (
    select
        requests.* replace (
            coalesce(assumed.device, requests.device) as device,
            coalesce(assumed.device_basis, requests.device_basis) as device_basis,
            coalesce(assumed.device_class, requests.device_class) as device_class,
            coalesce(assumed.assigned_to, requests.assigned_to) as assigned_to,
            requests.is_district_device or assumed.event_id is not null
                as is_district_device
        )
    from requests
    left join assumed on requests.event_id = assumed.event_id
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
