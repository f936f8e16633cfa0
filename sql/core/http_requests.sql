/* ---
summary: >
  Every web request of a day with what is known about it: the account, the device
  that held the address when it began, the place, the site, and a grade that shows
  how the account is known. Where two devices have a claim on the address at
  that moment, the device is unknown. Grade A: the line itself carries a login, or two
  facts of different origins name one person and none names another. Facts are the
  person to whom the inventory assigns the device, a live keyboard session, a network
  login (802.1X), a VPN login, and a firewall's mapping of the address; a mapping counts
  with one other fact, never with the login that it was made from. B: the device is
  assigned to one person and no source saw another one there. C: one fact alone names
  the account, a live keyboard session on a device that has no owner, a network login
  with a device that is assigned to no one, or a firewall's mapping, and no other source
  contradicts it. D: only an address, which names no one. From outside, where no VPN
  log identifies the device, it is assumed to be the owner's while the account is at its
  keyboard; a device that is on site at that time is not it. In a network that spans
  buildings the access point that the device joined identifies the place; where it and
  the network name two, neither counts.
  Where a firewall records a session in two lines, the line with the host gets the bytes
  and the end of the other.
grain: [event_id]
window: {days_before: 1, days_after: 1}
params:
  event_date: {type: date}
  mapping_minutes:
    type: int
    default: 45
    min: 1
    max: 720
    unit: minutes
    why: firewalls forget a mapping after about so long, whoever sits there then
  on_site_minutes:
    type: int
    default: 10
    min: 1
    max: 120
    unit: minutes
    why: nobody leaves a building and works from home within it
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
  is_student: {type: boolean, is: the owner is a student}
  job_title: {type: varchar, pii: indirect, is: the owner's job}
  attribution_grade: {type: varchar, is: 'A, B, C or D'}
  attribution_facts:
    type: varchar
    is: 'origins of the facts that name the account, such as inventory + network'
  src_ip: {type: varchar, pii: indirect, is: address it came from}
  device: {type: varchar, pii: indirect, is: device that held the address}
  device_class: {type: varchar, is: class of the device}
  device_pool: {type: varchar, is: shared stock it belongs to}
  device_owner:
    type: varchar
    pii: indirect
    is: 'person the device is assigned to, otherwise who uses it nearly alone'
  is_district_device: {type: boolean, is: district property by the registry}
  binding_event_id: {type: bigint, is: the lease that tells the device}
  device_basis:
    type: varchar
    is: >-
      lease, static, tunnel, keyboard or agent; contradicted where it was on site then
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
  is_half: {type: boolean, is: 'the line with bytes of its session did not arrive'}
  content_type: {type: varchar, is: media type}
  category: {type: varchar, is: the product's category}
  disposition: {type: varchar, is: 'allowed, blocked or challenged'}
  event_date: {type: date, is: local day on which it began}
--- */
with

lines as (
    select
        event_id,
        source,
        time,
        coalesce(start_time, time) as start_time,
        time_quality in ('ambiguous', 'shifted') as is_ambiguous_time,
        src_ip,
        -- an agent on the computer, as of a cloud proxy, names the machine itself
        split_part(lower(src_hostname), '.', 1) as machine,
        user_name,
        -- the user is taken from somebody's logon on the address, not from a login
        format in (select guessing.format from identity.mapping_formats as guessing)
            as is_mapped,
        url_hostname,
        method,
        status_code,
        bytes_in,
        bytes_out,
        content_type,
        category,
        disposition,
        -- a firewall tells a visit in two lines: host and category, then bytes and time
        case
            when coalesce(bytes_in, 0) = 0 then session_number(extras)
        end as connection_uid
    from raw.http_requests
    where event_date = $event_date::date
),

-- whatever the line is stamped with, its bytes are told when the session is closed
halves as (
    select
        lines.event_id,
        connections.time as end_time,
        connections.bytes_in,
        connections.bytes_out
    from lines
    inner join raw.connections as connections
        on
            lines.connection_uid = connections.connection_uid
            and lines.src_ip = connections.src_ip
            and connections.bytes_in is not null
            and connections.event_date between $event_date::date
            and $event_date::date + interval 1 day
            and in_one_session(
                lines.start_time,
                coalesce(connections.start_time, connections.time),
                connections.time
            )
    where lines.connection_uid is not null
    -- of its start, its course and its end the last says most, and says it once
    qualify
        row_number() over (
            partition by lines.event_id
            order by connections.time desc, connections.event_id desc
        ) = 1
        and row_number() over (
            partition by connections.event_id
            order by lines.start_time, lines.event_id
        ) = 1
),

requests as (
    select
        lines.* replace (
            greatest(lines.time, halves.end_time) as time,
            coalesce(halves.bytes_in, lines.bytes_in) as bytes_in,
            coalesce(halves.bytes_out, lines.bytes_out) as bytes_out,
            -- what is told of a whole session is a tunnel's
            -- and so is a line with bytes and neither method nor media type, as a cloud
            -- proxy without inspection writes it
            case
                when
                    lines.content_type is null
                    and (halves.event_id is not null or lines.bytes_in > 0)
                    then coalesce(lines.method, 'CONNECT')
                else lines.method
            end as method
        )
    from lines
    left join halves on lines.event_id = halves.event_id
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

stretches as (
    select
        ip,
        device,
        binding,
        lease_event_id,
        start_time,
        end_time,
        taken_over_time
    from identity.address_devices
    where event_date = $event_date::date
),

sessions as (
    select
        account,
        device,
        start_time,
        end_time
    from identity.presences
    where event_date = $event_date::date and state = 'live'
),

joined as (
    select
        account,
        device,
        start_time,
        end_time,
        building
    from identity.presences
    where event_date = $event_date::date and presence = 'wifi' and device is not null
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

places as (
    select *
    from identity.places
),

buildings as (
    select
        building,
        campus,
        lat,
        lon
    from registry.buildings
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

-- with what the registry says of the device
held_stretches as (
    select
        stretches.ip,
        stretches.start_time,
        stretches.end_time,
        stretches.taken_over_time,
        stretches.device,
        stretches.binding,
        stretches.lease_event_id,
        devices.device_class,
        devices.pool,
        devices.assigned_to,
        devices.usual_user,
        devices.device is not null
        and coalesce(devices.device_class <> 'phone_byod', true) as is_district_device,
        owners.account as owner_account
    from stretches
    left join devices on stretches.device = devices.device
    left join owners on devices.assigned_to = owners.person_id
),

-- what the registry shows of a machine that a line names
machines as (
    select
        names.name,
        devices.device,
        devices.device_class,
        devices.pool,
        devices.assigned_to,
        devices.usual_user,
        coalesce(devices.device_class <> 'phone_byod', true) as is_district_device,
        owners.account as owner_account
    from identity.device_names as names
    inner join devices on names.device = devices.device
    left join owners on devices.assigned_to = owners.person_id
    where
        names.event_date = $event_date::date
        and names.name in (select lines.machine from lines)
),

addressed as (
    select
        requests.*,
        held_stretches.device,
        held_stretches.taken_over_time,
        held_stretches.binding,
        held_stretches.lease_event_id,
        held_stretches.device_class,
        held_stretches.pool,
        held_stretches.assigned_to,
        held_stretches.usual_user,
        held_stretches.owner_account,
        coalesce(held_stretches.is_district_device, false) as is_district_device,
        places.net_kind,
        places.building,
        coalesce(places.has_location, false) as has_location,
        places.ip is not null as is_listed_network
    from requests
    left join held_stretches
        on
            requests.src_ip = held_stretches.ip
            and requests.start_time >= held_stretches.start_time
            and requests.start_time < held_stretches.end_time
    left join places on requests.src_ip = places.ip
),

-- a line that names its machine is placed only where a lease gives this machine the
-- address: a network at home may use the same private addresses
placed as (
    select
        addressed.* exclude (is_listed_network) replace (
            coalesce(machines.device, addressed.device) as device,
            case
                when machines.device is null then addressed.binding
                when machines.device = addressed.device then addressed.binding
                else 'agent'
            end as binding,
            if(
                machines.device is distinct from addressed.device
                and machines.device is not null,
                null,
                addressed.lease_event_id
            ) as lease_event_id,
            if(machines.device is null, addressed.device_class, machines.device_class)
                as device_class,
            if(machines.device is null, addressed.pool, machines.pool) as pool,
            if(machines.device is null, addressed.assigned_to, machines.assigned_to)
                as assigned_to,
            if(machines.device is null, addressed.usual_user, machines.usual_user)
                as usual_user,
            if(
                machines.device is null, addressed.owner_account, machines.owner_account
            ) as owner_account,
            if(
                machines.device is null,
                addressed.is_district_device,
                machines.is_district_device
            ) as is_district_device,
            case
                when machines.device is null then addressed.net_kind
                when not addressed.is_listed_network then 'remote'
                when
                    addressed.is_district_device
                    and machines.device <> addressed.device
                    then 'remote'
                else addressed.net_kind
            end as net_kind,
            if(
                machines.device is null or machines.device = addressed.device,
                addressed.building,
                null
            ) as building,
            addressed.has_location
            and (
                machines.device is null
                or coalesce(machines.device = addressed.device, false)
            ) as has_location
        ),
        -- a tunnel names an account; which device it is, is known for some
        coalesce(
            not is_unknown_tunnel(coalesce(machines.device, addressed.device)), false
        ) as is_known_device,
        coalesce(addressed.net_kind = 'remote', false) as is_remote,
        -- a name that was guessed for an address of many is no one's in particular
        coalesce(addressed.net_kind in ('nat', 'vdi'), false) as is_crowded
    from addressed
    left join machines on addressed.machine = machines.name
),

-- the access point or switch that let the device in
let_in as (
    select
        placed.event_id,
        min(joined.building) as building
    from placed
    inner join joined
        on
            placed.device = joined.device
            and placed.start_time between joined.start_time and joined.end_time
    inner join buildings on joined.building = buildings.building
    where placed.net_kind in ('wired', 'lab', 'wifi')
    group by placed.event_id
    having min(joined.building) = max(joined.building)
),

-- it says more than a network that spans buildings; where both say one and differ,
-- neither is believed. To join that little again costs less than to keep a wide copy
located as not materialized (
    select
        placed.* replace (
            coalesce(placed.building, let_in.building) as building,
            case
                when let_in.building is null then placed.has_location
                else coalesce(placed.building = let_in.building, true)
            end as has_location
        )
    from placed
    left join let_in on placed.event_id = let_in.event_id
),

on_site as (
    select distinct
        device,
        epoch(start_time)::bigint // (60 * $on_site_minutes) as slot
    from located
    where has_location and binding in ('lease', 'static')
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

-- a login from outside, or a tunnel's account, on a device that no log tells: at which
-- of the owner's own devices the account was at the keyboard
at_keyboard as (
    select
        located.event_id,
        min(devices.device) as device,
        min(devices.device_class) as device_class,
        min(devices.assigned_to) as assigned_to
    from located
    inner join names on located.user_name = names.user_name
    inner join accounts on names.account = accounts.account
    inner join sessions
        on
            names.account = sessions.account
            and located.start_time between sessions.start_time and sessions.end_time
    inner join devices
        on
            sessions.device = devices.device
            and accounts.person_id = devices.assigned_to
    left join tunnels
        on
            located.src_ip = tunnels.ip
            and names.account = tunnels.account
            and located.start_time between tunnels.start_time and tunnels.end_time
    left join on_site
        on
            devices.device = on_site.device
            and epoch(located.start_time)::bigint // (60 * $on_site_minutes)
            between on_site.slot - 1 and on_site.slot + 1
    where
        located.is_remote
        and on_site.device is null
        and not located.is_known_device
        and (not located.is_mapped or tunnels.ip is not null)
        and devices.pool is null
        and devices.device_class in ('laptop', 'chromebook')
    group by located.event_id
    having count(distinct devices.device) = 1
),

told as not materialized (
    select
        located.* replace (
            coalesce(at_keyboard.device, located.device) as device,
            case
                when at_keyboard.event_id is not null then 'keyboard'
                else located.binding
            end as binding,
            coalesce(at_keyboard.device_class, located.device_class)
                as device_class,
            coalesce(at_keyboard.assigned_to, located.assigned_to) as assigned_to,
            located.is_district_device or at_keyboard.event_id is not null
                as is_district_device
        )
    from located
    left join at_keyboard on located.event_id = at_keyboard.event_id
),

contradicted as (
    select distinct told.event_id
    from told
    inner join on_site
        on
            told.device = on_site.device
            and epoch(told.start_time)::bigint // (60 * $on_site_minutes)
            between on_site.slot - 1 and on_site.slot + 1
    where told.is_remote and told.binding in ('tunnel', 'keyboard')
),

held as (
    select
        told.* replace (
            case
                when contradicted.event_id is not null then 'contradicted'
                else told.binding
            end as binding,
            told.is_district_device and contradicted.event_id is null
                as is_district_device
        )
    from told
    left join contradicted on told.event_id = contradicted.event_id
),

-- the people that other logs saw at the device or the address at that moment, each by
-- its own origin. A firewall's mapping is a copy of one of them and is not among them
seen as (
    select
        held.event_id,
        seats.account,
        seats.origin
    from held
    inner join (
        select
            *,
            'keyboard' as origin
        from sessions
        union all
        select
            account,
            device,
            start_time,
            end_time,
            'network' as origin
        from joined
    ) as seats
        on
            held.device = seats.device
            and held.start_time between seats.start_time and seats.end_time
    where held.user_name is null
    union all
    select
        held.event_id,
        tunnels.account,
        'tunnel' as origin
    from held
    inner join tunnels
        on
            held.src_ip = tunnels.ip
            and held.start_time between tunnels.start_time and tunnels.end_time
    where held.user_name is null
),

-- who was at the keyboard; otherwise who joined the network with a device that was
-- assigned to no one: on shared stock, or on another person's device, a login may be a
-- saved one
seated as (
    select
        seen.event_id,
        min(seen.account) as account,
        count(distinct seen.account) as account_count
    from seen
    inner join held on seen.event_id = held.event_id
    where
        seen.origin = 'keyboard'
        or (
            seen.origin = 'network'
            and coalesce(held.assigned_to, held.pool) is null
        )
    group by seen.event_id
),

-- facts of different origins that name one person: the inventory, a keyboard session, a
-- network login, a tunnel
supported as (
    select
        seen.event_id,
        min(seen.account) as account,
        array_to_string(
            sorted_values(seen.origin)
            || case
                when held.assigned_to is not null then ['inventory'] else []::varchar[]
            end,
            ' + '
        ) as facts
    from seen
    inner join held on seen.event_id = held.event_id
    inner join accounts on seen.account = accounts.account
    where
        held.pool is null
        and accounts.account_type = 'person'
        and coalesce(accounts.person_id = held.assigned_to, true)
    group by seen.event_id, held.assigned_to
    having
        count(distinct seen.account) = 1
        and count(distinct seen.origin) + (held.assigned_to is not null)::int >= 2
),

confirmed as (
    select
        event_id,
        min(fact) as fact
    from (
        select
            held.event_id,
            'keyboard' as fact
        from held
        inner join names on held.user_name = names.user_name
        inner join sessions
            on
                held.device = sessions.device
                and names.account = sessions.account
                and held.start_time between sessions.start_time and sessions.end_time
        where held.is_mapped
        union all
        -- the VPN accepted this account, at this address
        select
            held.event_id,
            'tunnel' as fact
        from held
        inner join names on held.user_name = names.user_name
        inner join tunnels
            on
                held.src_ip = tunnels.ip
                and names.account = tunnels.account
                and held.start_time between tunnels.start_time and tunnels.end_time
        where held.is_mapped and held.is_remote
    ) as confirmations
    group by event_id
),

-- somebody else than the device's owner was seen at the address
opposed as (
    select distinct held.event_id
    from held
    inner join identity.account_addresses as seen
        on
            held.src_ip = seen.ip
            and held.start_time between seen.start_time and seen.end_time
    left join accounts on seen.account = accounts.account
    where
        held.user_name is null
        and held.assigned_to is not null
        and seen.event_date = $event_date::date
        and accounts.person_id is distinct from held.assigned_to
        and coalesce(accounts.account_type, 'person') not in ('service', 'device')
),

-- a firewall's guess, beside whose device the inventory says it is: two facts that
-- agree are worth a login, two that differ name nobody
guessed as (
    select
        held.event_id,
        accounts.person_id = held.assigned_to as agrees
    from held
    inner join names on held.user_name = names.user_name
    inner join accounts on names.account = accounts.account
    where
        held.is_mapped
        and held.pool is null
        and held.assigned_to is not null
        and accounts.person_id is not null
),

-- a firewall had the name for the address before another device took it over, and it
-- has not logged on there since: it may be the one who left
outlived as (
    select distinct
        held.src_ip,
        held.taken_over_time,
        before.account
    from (
        select distinct
            src_ip,
            taken_over_time
        from held
        where is_mapped and taken_over_time is not null
    ) as held
    inner join identity.account_addresses as before
        on
            held.src_ip = before.ip
            and before.start_time < held.taken_over_time
            and before.end_time
            >= held.taken_over_time - interval 1 minute * $mapping_minutes
    left join identity.account_addresses as since
        on
            held.src_ip = since.ip
            and before.account = since.account
            and since.event_date = $event_date::date
            and since.witness in ('keyboard', 'wifi', 'tunnel', 'sign_in')
            and since.start_time >= held.taken_over_time - interval 1 minute
    where
        before.event_date = $event_date::date
        and before.witness = 'mapping'
        and since.ip is null
),

-- two sources saw different people there
contested as (
    select distinct held.event_id
    from held
    inner join identity.binding_conflicts as conflicts
        on
            held.src_ip = conflicts.ip
            and held.start_time between conflicts.start_time and conflicts.end_time
    where
        (held.user_name is null or held.is_mapped)
        and conflicts.event_date = $event_date::date
),

graded as (
    select
        held.*,
        case
            when
                names.account is not null
                and (not held.is_mapped or confirmed.event_id is not null)
                then 'A'
            when contested.event_id is not null then 'D'
            when held.is_mapped and held.is_crowded then 'D'
            when guessed.agrees then 'A'
            when not guessed.agrees or outlived.account is not null then 'D'
            when names.account is not null then 'C'
            when
                supported.account is not null
                and opposed.event_id is null
                and coalesce(seated.account_count = 1, true)
                then 'A'
            when
                held.owner_account is not null
                and held.pool is null
                and opposed.event_id is null
                then 'B'
            when seated.account_count = 1 then 'C'
            else 'D'
        end as attribution_grade,
        names.account as named_account,
        confirmed.fact as confirming_fact,
        supported.account as supported_account,
        supported.facts as supporting_facts,
        seated.account as seated_account
    from held
    left join supported on held.event_id = supported.event_id
    left join names on held.user_name = names.user_name
    left join seated on held.event_id = seated.event_id
    left join confirmed on held.event_id = confirmed.event_id
    left join guessed on held.event_id = guessed.event_id
    left join opposed on held.event_id = opposed.event_id
    left join contested on held.event_id = contested.event_id
    left join outlived
        on
            held.is_mapped
            and held.src_ip = outlived.src_ip
            and held.taken_over_time = outlived.taken_over_time
            and names.account = outlived.account
            and held.start_time
            < held.taken_over_time + interval 1 minute * $mapping_minutes
),

attributed as (
    select
        *,
        case attribution_grade
            when 'A' then coalesce(named_account, supported_account)
            when 'B' then owner_account
            when 'C' then coalesce(named_account, seated_account)
        end as account,
        case
            when attribution_grade = 'D' then null
            when named_account is not null and not is_mapped then 'login'
            when named_account is not null and attribution_grade = 'A'
                then 'mapping + ' || coalesce(confirming_fact, 'inventory')
            when named_account is not null then 'mapping'
            when attribution_grade = 'A' then supporting_facts
            when attribution_grade = 'B' then 'inventory'
            else 'keyboard or network'
        end as attribution_facts
    from graded
)

select
    attributed.event_id,
    attributed.source,
    attributed.time,
    attributed.start_time,
    coalesce(attributed.is_ambiguous_time, false) as is_ambiguous_time,
    attributed.account,
    accounts.person_id,
    accounts.account_type,
    accounts.is_staff,
    accounts.is_student,
    accounts.job_title,
    attributed.attribution_grade,
    attributed.attribution_facts,
    attributed.src_ip,
    attributed.device,
    attributed.device_class,
    attributed.pool as device_pool,
    coalesce(attributed.assigned_to, attributed.usual_user) as device_owner,
    attributed.is_district_device,
    attributed.lease_event_id as binding_event_id,
    attributed.binding as device_basis,
    attributed.building,
    buildings.campus,
    buildings.lat,
    buildings.lon,
    attributed.net_kind,
    attributed.has_location,
    attributed.url_hostname,
    hosts.site,
    attributed.method,
    attributed.status_code,
    attributed.bytes_in,
    attributed.bytes_out,
    attributed.connection_uid is not null and attributed.bytes_in is null as is_half,
    attributed.content_type,
    attributed.category,
    attributed.disposition,
    $event_date::date as event_date
from attributed
left join accounts on attributed.account = accounts.account
left join buildings on attributed.building = buildings.building
left join hosts on attributed.url_hostname = hosts.url_hostname
