/* ---
summary: >
  Tunnels, remote control and name look-ups past the filter that no page shows: what a
  firewall alone saw of them, and each tunnel through the proxy to a tool or a resolver
  outside, also at even intervals: a tool keeps its own time. An agent's look-up of such
  a name counts as one of a resolver. Counted for a staff
  account whose session was live on the device, or which the line names where the device
  writes no logons; two accounts at the same time name no one. On district devices only:
  a connection from an address at which a log names another computer is left out.
  Each row shows how many devices of that kind do the same: what a browser does by
  itself, most of them do. Traffic inside the district does not count.
grain: [account, device, destination, how, seen_by, event_date]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  provider_seconds:
    type: int
    default: 120
    min: 10
    max: 3600
    unit: seconds
    why: a client asks its provider for a server, and connects within seconds
  elsewhere_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: the computer that a log names at an address has it a little before and after
columns:
  account: core.http_requests
  device: identity.devices
  destination: varchar
  site: core.outside_flows
  how: {type: varchar, is: 'resolver, tool or port'}
  seen_by: varchar
  category: {type: varchar, is: circumvention or remote_access}
  list_count:
    type: bigint
    is: lists that call it so; of a port, 1, and 1 for a call to a provider before
  is_well_known: boolean
  is_listed: boolean
  attribution_grade: {type: varchar, is: A or C}
  is_live_known:
    type: boolean
    is: a live session or the owner's network login shows who used it
  flow_count: {type: bigint, is: flows or tunnels}
  longest_seconds: double
  total_seconds: {type: double, is: 'all of them, also where they overlap'}
  active_seconds:
    type: double
    is: 'from each to the next, three minutes at most; the last counts for 20 s'
  total_bytes: {type: bigint, is: bytes in both directions}
  devices_alike: {type: bigint, is: 'devices that look names up, or call that site'}
  start_time: {type: timestamptz, is: the first began}
  end_time: {type: timestamptz, is: the last ended}
  evidence: {type: 'bigint[]', is: 'at most 40 flows to the site, leases, logons'}
  event_date: {type: date, is: local day}
--- */
with

categories as (
    select
        url_hostname,
        category,
        source_count,
        is_well_known
    from core.host_categories
    where
        event_date = $event_date::date
        and category in ('circumvention', 'remote_access')
),

resolvers as (
    select
        url_hostname,
        1 as list_count
    from identity.hosts
    where background_kind = 'doh_resolver'
),

tools as (
    select
        coalesce(categories.url_hostname, resolvers.url_hostname) as destination,
        coalesce(min(categories.category), 'circumvention') as category,
        coalesce(max(categories.source_count), 0)
        + coalesce(max(resolvers.list_count), 0) as list_count,
        coalesce(bool_or(categories.is_well_known), false) as is_well_known,
        case when max(resolvers.list_count) is null then 'tool' else 'resolver' end
            as how
    from categories
    full outer join resolvers on categories.url_hostname = resolvers.url_hostname
    group by coalesce(categories.url_hostname, resolvers.url_hostname)
),

words as (
    select
        word,
        min(category) as category
    from registry.category_words
    where category in ('circumvention', 'remote_access')
    group by word
),

listed as (
    select distinct destination
    from core.outside_flows
    where event_date = $event_date::date and is_listed
),

outside as (
    select
        destination,
        min(site) as site,
        bool_and(is_bare_address) as is_bare_address
    from core.outside_flows
    where event_date = $event_date::date and seen_by = 'firewall'
    group by destination
),

-- how many devices know a site; an agent that idles counts too
callers as (
    select
        site,
        count(distinct device) as device_count
    from core.outside_flows
    where event_date = $event_date::date
    group by site
),

-- how many devices of a kind look names up outside
habits as (
    select
        flows.device_class,
        count(distinct flows.device) as device_count
    from core.outside_flows as flows
    inner join tools on flows.destination = tools.destination
    where flows.event_date = $event_date::date and tools.how = 'resolver'
    group by flows.device_class
),

devices as (
    select
        device,
        device_class
    from identity.devices
    where
        event_date = $event_date::date
        and coalesce(
            device_class not in ('phone_byod', 'server', 'signage', 'vdi_host'), true
        )
),

staff as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and is_staff
        and not approved_shared
),

requests as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.url_hostname as destination,
        coalesce(requests.site, requests.url_hostname) as site,
        requests.attribution_grade,
        requests.start_time,
        requests.time,
        coalesce(requests.bytes_in, 0) + coalesce(requests.bytes_out, 0) as bytes,
        requests.binding_event_id,
        if(requests.method = 'LOOKUP', 'resolver', 'proxy') as seen_by
    from core.http_requests as requests
    inner join tools on requests.url_hostname = tools.destination
    inner join devices on requests.device = devices.device
    inner join staff on requests.account = staff.account
    where
        requests.event_date = $event_date::date
        and requests.disposition = 'allowed'
        and requests.attribution_grade in ('A', 'C')
        and not coalesce(requests.is_user_unknown, false)
),

sessions as (
    select *
    from core.presences
    where event_date = $event_date::date and state = 'live'
),

-- devices that write logons: without a live keyboard session no one uses them. Presence
-- by page requests ends where a tunnel takes over the pages, so it excludes nothing
seat_devices as (
    select distinct device
    from core.presences
    where event_date = $event_date::date and presence = 'keyboard'
),

tunnels as (
    select
        requests.*,
        seat_devices.device is not null or sessions.event_id is not null
            as is_live_known,
        sessions.event_id as session_event_id
    from requests
    left join seat_devices on requests.device = seat_devices.device
    left join sessions
        on
            requests.device = sessions.device
            and requests.account = sessions.account
            and requests.start_time >= sessions.start_time
            and requests.start_time < sessions.end_time
    where sessions.event_id is not null or seat_devices.device is null
    qualify
        row_number() over (
            partition by requests.event_id
            order by sessions.start_time desc, sessions.event_id
        ) = 1
),

-- WireGuard and OpenVPN over UDP, on the ports that they have by themselves
tunnel_ports as (
    select unnest([51820, 1194]) as dst_port
),

connections as (
    select
        lines.event_id,
        lines.src_ip,
        lines.user_name,
        coalesce(lines.dst_hostname, lines.dst_ip) as destination,
        coalesce(lines.start_time, lines.time) as start_time,
        lines.time,
        -- a firewall may log one sum of both directions
        coalesce(
            lines.bytes_in + lines.bytes_out,
            lines.bytes_in,
            lines.bytes_out,
            try_cast(lines.extras ->> '$.bytes' as bigint),
            0
        ) as bytes,
        coalesce(words.category, if(tools.destination is null, 'circumvention', null))
            as category,
        tools.destination is null and words.word is null as is_by_port
    from raw.connections as lines
    inner join outside
        on coalesce(lines.dst_hostname, lines.dst_ip) = outside.destination
    left join tools on lines.dst_hostname = tools.destination
    left join words on category_key(lines.category) = words.word
    left join tunnel_ports
        on
            lines.dst_port = tunnel_ports.dst_port
            and lines.protocol = 'udp'
            and outside.is_bare_address
    where
        lines.event_date = $event_date::date
        and lines.disposition is distinct from 'blocked'
        and coalesce(lines.direction not in ('inbound', 'lateral'), true)
        and coalesce(lines.dst_hostname, lines.dst_ip) is not null
        and (
            tools.destination is not null
            or words.word is not null
            or tunnel_ports.dst_port is not null
        )
),

held as (
    select
        connections.*,
        holders.device,
        holders.lease_event_id
    from connections
    inner join identity.address_devices as holders
        on
            connections.src_ip = holders.ip
            and connections.start_time >= holders.start_time
            and connections.start_time < holders.end_time
    inner join devices on holders.device = devices.device
    where holders.event_date = $event_date::date
),

-- that a tunnel ends at its owner's laptop is an assumption, which the name of another
-- computer at the address contradicts
elsewhere as (
    select distinct held.event_id
    from held
    inner join core.http_requests as named_requests
        on
            held.src_ip = named_requests.src_ip
            and named_requests.start_time
            between held.start_time - interval 1 minute * $elsewhere_minutes
            and held.start_time + interval 1 minute * $elsewhere_minutes
    where
        named_requests.event_date = $event_date::date
        and (
            named_requests.device_basis = 'contradicted'
            or (
                named_requests.device_basis = 'agent'
                and named_requests.device <> held.device
            )
        )
),

seated as (
    select
        held.event_id,
        min(sessions.account) as account,
        min(sessions.event_id) as session_event_id
    from held
    inner join sessions
        on
            held.device = sessions.device
            and held.start_time >= sessions.start_time
            and held.start_time < sessions.end_time
    group by held.event_id
    having count(distinct sessions.account) = 1
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

-- the owner's network login on the owner's device, for a line that names the same
-- account: a tunnel carries the pages that would show presence
owners_joins as (
    select distinct
        held.event_id,
        joins.account
    from held
    inner join identity.presences as joins
        on
            held.device = joins.device
            and held.start_time between joins.start_time and joins.end_time
    inner join identity.devices as owned on held.device = owned.device
    inner join identity.accounts as owners
        on
            joins.account = owners.account
            and owned.assigned_to = owners.person_id
    where
        joins.event_date = $event_date::date
        and joins.presence = 'wifi'
        and owned.event_date = $event_date::date
        and owned.pool is null
        and owners.event_date = $event_date::date
),

named as (
    select
        held.*,
        seated.session_event_id,
        seat_devices.device is not null
        or seated.account is not null
        or owners_joins.account is not null as is_live_known,
        coalesce(seated.account, names.account) as account
    from held
    left join seated on held.event_id = seated.event_id
    left join seat_devices on held.device = seat_devices.device
    left join names on held.user_name = names.user_name
    left join owners_joins
        on
            held.event_id = owners_joins.event_id
            and names.account = owners_joins.account
    left join elsewhere on held.event_id = elsewhere.event_id
    where
        elsewhere.event_id is null
        and (seated.account is not null or seat_devices.device is null)
        and coalesce(seated.account = names.account, true)
),

-- the client asks its provider for a server first
providers as (
    select
        named.event_id as tunnel_event_id,
        max(tunnels.event_id) as event_id
    from named
    inner join tunnels
        on
            named.account = tunnels.account
            and named.device = tunnels.device
            and tunnels.start_time
            between named.start_time - to_seconds($provider_seconds)
            and named.start_time
    inner join tools on tunnels.destination = tools.destination
    where
        named.is_by_port
        and tools.how = 'tool'
        and tools.category = 'circumvention'
    group by named.event_id
),

uses as (
    select
        event_id,
        account,
        device,
        destination,
        site,
        seen_by,
        null as category,
        false as is_by_port,
        null as provider_event_id,
        attribution_grade,
        is_live_known,
        start_time,
        time,
        bytes,
        binding_event_id,
        session_event_id
    from tunnels
    union all
    select
        named.event_id,
        named.account,
        named.device,
        named.destination,
        coalesce(hosts.site, named.destination) as site,
        'firewall' as seen_by,
        named.category,
        named.is_by_port,
        providers.event_id as provider_event_id,
        'C' as attribution_grade,
        named.is_live_known,
        named.start_time,
        named.time,
        named.bytes,
        named.lease_event_id as binding_event_id,
        named.session_event_id
    from named
    inner join staff on named.account = staff.account
    left join identity.hosts as hosts on named.destination = hosts.url_hostname
    left join providers on named.event_id = providers.tunnel_event_id
),

timed as (
    select
        *,
        least(
            coalesce(
                epoch(lead(start_time) over in_order) - epoch(start_time), 20
            ),
            180
        ) as active_seconds
    from uses
    window
        in_order as (
            partition by account, device, destination, seen_by
            order by start_time, event_id
        )
),

sums as (
    select
        account,
        device,
        destination,
        min(site) as site,
        seen_by,
        min(category) as category,
        bool_and(is_by_port) as is_by_port,
        count(provider_event_id) > 0 as has_provider,
        max(attribution_grade) as attribution_grade,
        bool_and(is_live_known) as is_live_known,
        count(*) as flow_count,
        max(epoch(time) - epoch(start_time)) as longest_seconds,
        sum(epoch(time) - epoch(start_time)) as total_seconds,
        sum(active_seconds)::double as active_seconds,
        sum(bytes)::bigint as total_bytes,
        min(start_time) as start_time,
        max(time) as end_time
    from timed
    group by account, device, destination, seen_by
),

-- one tunnel is one line; its program's requests to the same site show it too
cited as (
    select
        account,
        device,
        site,
        seen_by,
        sorted_set(
            list_slice(list_sort(list(event_id)), 1, 40)
            || list(binding_event_id)
            || list(session_event_id)
            || list(provider_event_id)
        ) as evidence
    from uses
    group by account, device, site, seen_by
)

select
    sums.account,
    sums.device,
    sums.destination,
    sums.site,
    case
        when sums.is_by_port then 'port'
        else coalesce(tools.how, 'tool')
    end as how,
    sums.seen_by,
    coalesce(tools.category, sums.category) as category,
    coalesce(tools.list_count, 1) + if(sums.has_provider, 1, 0) as list_count,
    coalesce(tools.is_well_known, false) as is_well_known,
    listed.destination is not null as is_listed,
    sums.attribution_grade,
    sums.is_live_known,
    sums.flow_count,
    sums.longest_seconds,
    sums.total_seconds,
    sums.active_seconds,
    sums.total_bytes,
    coalesce(
        case
            when tools.how = 'resolver' then habits.device_count
            else callers.device_count
        end,
        0
    ) as devices_alike,
    sums.start_time,
    sums.end_time,
    cited.evidence,
    $event_date::date as event_date
from sums
inner join devices on sums.device = devices.device
inner join cited
    on
        sums.account = cited.account
        and sums.device = cited.device
        and sums.site = cited.site
        and sums.seen_by = cited.seen_by
left join tools on sums.destination = tools.destination
left join listed on sums.destination = listed.destination
left join habits on devices.device_class = habits.device_class
left join callers on sums.site = callers.site
