/* ---
summary: >
  Every web request of a day with what is known of it: the account, the device
  that held the address when it began, the place, the site, and a grade that
  says how the account is known. Grade A: the line itself carries a login, or a
  firewall's guess from logons is confirmed by a live keyboard on the device. B:
  the device is assigned to one person and nobody else is at its keyboard. C:
  somebody's logon was live on the device. D: an address and no more, which names
  nobody.
grain: [event_id]
window: {days_before: 1, days_after: 1}
params:
  event_date: {type: date}
  lease_grace_seconds:
    type: int
    default: 5
    min: 0
    max: 60
    unit: seconds
    why: a first request may leave in the moment the lease is logged
columns:
  event_id: {type: bigint, is: the log line}
  source: {type: varchar, is: source of the line}
  time: {type: timestamptz, is: end of the request}
  start_time: {type: timestamptz, is: when it began}
  is_ambiguous_time: {type: boolean, is: in a repeated or left-out hour}
  account: {type: varchar, pii: direct, is: account it counts for}
  person_id: {type: varchar, pii: indirect, is: owner of the account}
  account_type: {type: varchar, is: 'person, service, role_shared or device'}
  is_staff: {type: boolean, is: the owner works for the district}
  is_student: {type: boolean, is: the owner is a pupil}
  job_title: {type: varchar, is: the owner's job}
  attribution_grade: {type: varchar, is: 'A, B, C or D'}
  src_ip: {type: varchar, pii: indirect, is: address it came from}
  device: {type: varchar, pii: indirect, is: device that held the address}
  device_class: {type: varchar, is: class of the device}
  device_pool: {type: varchar, is: shared stock it belongs to}
  device_owner: {type: varchar, pii: indirect, is: person the device is assigned to}
  is_district_device: {type: boolean, is: district property by the registry}
  binding_event_id: {type: bigint, is: the lease that tells the device}
  building: {type: varchar, is: building of the network}
  campus: {type: varchar, is: campus of the building}
  lat: {type: double, is: degrees north}
  lon: {type: double, is: degrees east}
  net_kind: {type: varchar, is: kind of network}
  has_location: {type: boolean, is: the network tells the building}
  url_hostname: {type: varchar, is: host asked for}
  site: {type: varchar, is: registrable domain of the host}
  method: {type: varchar, is: HTTP method}
  status_code: {type: smallint, is: HTTP status}
  bytes_in: {type: bigint, is: bytes to the client}
  bytes_out: {type: bigint, is: bytes from the client}
  content_type: {type: varchar, is: media type}
  category: {type: varchar, is: the product's category}
  disposition: {type: varchar, is: 'allowed, blocked or challenged'}
  event_date: {type: date, is: local day on which it began}
--- */
with

requests as (
    select
        event_id,
        source,
        time,
        coalesce(start_time, time) as start_time,
        time_quality in ('ambiguous', 'shifted') as is_ambiguous_time,
        src_ip,
        user_name,
        -- these take the user from somebody's logon on the address, not from a login
        coalesce(
            format in (
                'fortigate', 'paloalto', 'sophos_xg', 'sonicwall', 'checkpoint',
                'watchguard', 'meraki', 'cisco_asa', 'cef', 'leef'
            ),
            false
        ) as is_mapped,
        url_hostname,
        method,
        status_code,
        bytes_in,
        bytes_out,
        content_type,
        category,
        disposition
    from raw.http_requests
    where event_date = $event_date::date
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
        -- what several people may use is nobody's, whatever its kind
        case when approved_shared then 'role_shared' else account_type end
            as account_type,
        person_id,
        is_staff,
        is_student,
        job_title
    from identity.accounts
    where event_date = $event_date::date
),

holders as (
    select
        ip,
        device,
        is_registered,
        start_time,
        end_time,
        lease_event_id
    from identity.address_holders
    where event_date = $event_date::date
),

seats as (
    select
        account,
        device,
        start_time,
        end_time
    from identity.seats
    where event_date = $event_date::date and state = 'live'
),

devices as (
    select
        device,
        device_class,
        pool,
        assigned_to
    from registry.devices
),

places as (
    select
        ip,
        building,
        campus,
        lat,
        lon,
        net_kind,
        has_location
    from identity.places
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
),

-- one account a person, for the grade that rests on the device's owner
owners as (
    select
        person_id,
        min(account) as account
    from accounts
    where account_type = 'person' and person_id is not null
    group by person_id
),

held as (
    select
        requests.*,
        holders.device,
        holders.lease_event_id
    from requests
    left join holders
        on
            requests.src_ip = holders.ip
            and requests.start_time
            + to_seconds($lease_grace_seconds) >= holders.start_time
            and requests.start_time < holders.end_time
    qualify
        row_number() over (
            partition by requests.event_id
            order by holders.start_time desc, holders.device
        ) = 1
),

-- who was at the keyboard, where the line itself names nobody
seated as (
    select
        held.event_id,
        min(seats.account) as account,
        count(distinct seats.account) as account_count,
        coalesce(
            bool_or(
                accounts.person_id is distinct from devices.assigned_to
            ),
            false
        ) as has_stranger
    from held
    inner join seats
        on
            held.device = seats.device
            and held.start_time between seats.start_time and seats.end_time
    left join devices on held.device = devices.device
    left join accounts on seats.account = accounts.account
    where held.user_name is null
    group by held.event_id
),

confirmed as (
    select distinct held.event_id
    from held
    inner join names on held.user_name = names.user_name
    inner join seats
        on
            held.device = seats.device
            and names.account = seats.account
            and held.start_time between seats.start_time and seats.end_time
    where held.is_mapped
),

told as (
    select
        held.*,
        devices.device_class,
        devices.pool,
        devices.assigned_to,
        devices.device is not null
        and coalesce(devices.device_class <> 'phone_byod', true) as is_district_device,
        case
            when names.account is not null then names.account
            when
                owners.account is not null
                and devices.pool is null
                and not coalesce(seated.has_stranger, false)
                then owners.account
            when seated.account_count = 1 then seated.account
        end as account,
        case
            when
                names.account is not null
                and (not held.is_mapped or confirmed.event_id is not null)
                then 'A'
            when names.account is not null then 'C'
            when
                owners.account is not null
                and devices.pool is null
                and not coalesce(seated.has_stranger, false)
                then 'B'
            when seated.account_count = 1 then 'C'
            else 'D'
        end as attribution_grade
    from held
    left join names on held.user_name = names.user_name
    left join devices on held.device = devices.device
    left join owners on devices.assigned_to = owners.person_id
    left join seated on held.event_id = seated.event_id
    left join confirmed on held.event_id = confirmed.event_id
)

select
    told.event_id,
    told.source,
    told.time,
    told.start_time,
    coalesce(told.is_ambiguous_time, false) as is_ambiguous_time,
    told.account,
    accounts.person_id,
    accounts.account_type,
    accounts.is_staff,
    accounts.is_student,
    accounts.job_title,
    told.attribution_grade,
    told.src_ip,
    told.device,
    told.device_class,
    told.pool as device_pool,
    told.assigned_to as device_owner,
    told.is_district_device,
    told.lease_event_id as binding_event_id,
    places.building,
    places.campus,
    places.lat,
    places.lon,
    places.net_kind,
    coalesce(places.has_location, false) as has_location,
    told.url_hostname,
    hosts.site,
    told.method,
    told.status_code,
    told.bytes_in,
    told.bytes_out,
    told.content_type,
    told.category,
    told.disposition,
    $event_date::date as event_date
from told
left join accounts on told.account = accounts.account
left join places on told.src_ip = places.ip
left join hosts on told.url_hostname = hosts.url_hostname
