/* ---
summary: >
  How much of a day the rules could judge: for each family of rules that share their
  candidates, by source, building and class of device, how many events came to each
  filter and how many it dropped. An event counts at the first filter that drops it.
  Where a filter is a loss, a rule cannot judge what was dropped; others leave out what
  no rule is about. Students, shared accounts, services and guests' networks are not
  counted at all.
grain: [event_date, family, source, building, device_class, position]
window: {days_before: 14}
params:
  event_date: {type: date}
columns:
  event_date: {type: date, is: local day}
  family:
    type: varchar
    is: 'sites, presence, shared, keyboards, property, tunnels, logons or flows'
  source: {type: varchar, is: source}
  building: {type: varchar, is: building of the network; elsewhere without one}
  device_class: {type: varchar, is: class of the device; unknown without one}
  position: {type: bigint, is: order of the filters; the last one drops nothing}
  filter: {type: varchar, is: what was dropped; candidates is what was left}
  is_loss: {type: boolean, is: the rules should have judged what was dropped}
  event_count: {type: bigint, is: events that came to this filter}
  dropped_count: {type: bigint, is: how many of these it dropped}
--- */
with

requests as (
    select
        event_id,
        source,
        account,
        account_type,
        attribution_grade,
        device,
        device_class,
        is_district_device,
        device_pool,
        start_time,
        binding_event_id,
        net_kind,
        has_location,
        building,
        url_hostname,
        bytes_in,
        is_half,
        content_type
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and not coalesce(is_student, false)
        and coalesce(account_type, 'person') = 'person'
        and net_kind is distinct from 'guest'
),

candidates as (
    select event_id
    from core.candidate_requests
    where event_date = $event_date::date
),

logons as (
    select
        source,
        user_name,
        host,
        src_ip,
        src_mac
    from core.logons
    where
        event_date = $event_date::date
        and activity = 'logon'
        and coalesce(is_success, true)
        and not is_machine
        and coalesce(logon_kind not in ('batch', 'service', 'network'), true)
),

flows as (
    select
        seen_by as source,
        -- a device that nobody knows goes by its address
        regexp_full_match(device, '[0-9.]+|[0-9a-f]*:[0-9a-f:]*') as is_address,
        coalesce(building, 'elsewhere') as building,
        coalesce(device_class, 'unknown') as device_class,
        bytes_out,
        flow_count
    from core.outside_flows
    where event_date = $event_date::date and net_kind is distinct from 'guest'
),

names as (
    select
        user_name,
        account,
        is_known
    from identity.account_names
),

places as (
    select
        ip,
        building,
        has_location
    from identity.places
),

registered as (
    select distinct device
    from identity.devices
    where event_date = $event_date::date
),

-- a device that wrote no logon in two weeks writes none
writing as (
    select distinct device
    from core.presences
    where
        event_date between $event_date::date - interval 14 day
        and $event_date::date
        and presence = 'keyboard'
),

-- what joined the network tells for a while that somebody is there
woken as (
    select distinct requests.event_id
    from requests
    inner join core.presences as presences
        on
            requests.device = presences.device
            and requests.start_time >= presences.start_time
            and requests.start_time < presences.end_time
    where
        presences.event_date = $event_date::date and presences.presence <> 'keyboard'
),

steps as (
    select
        listed.family,
        listed.position,
        listed.filter,
        listed.is_loss
    from
        (
            values
            ('sites', 1, 'no account', true),
            ('sites', 2, 'account unknown to the registry', true),
            ('sites', 3, 'address that stands for many', false),
            ('sites', 4, 'no device', true),
            ('sites', 5, 'no host', true),
            ('sites', 6, 'no line closes its session', true),
            ('sites', 7, 'neither size nor content type', true),
            ('sites', 8, 'not a page that a person opened', false),
            ('sites', 9, 'candidates', false),
            ('presence', 1, 'no account', true),
            ('presence', 2, 'account unknown to the registry', true),
            ('presence', 3, 'address that stands for many', false),
            ('presence', 4, 'no device', true),
            ('presence', 5, 'network unknown to the registry', true),
            ('presence', 6, 'network in no one building', false),
            ('presence', 7, 'one fact names the account', true),
            ('presence', 8, 'device unknown to the registry', true),
            ('presence', 9, 'nothing tells who is at the device', true),
            ('presence', 10, 'candidates', false),
            ('shared', 1, 'one fact names the account', true),
            ('shared', 2, 'candidates', false),
            ('keyboards', 1, 'device unknown to the registry', true),
            ('keyboards', 2, 'the device writes no logons', true),
            ('keyboards', 3, 'a device that can be carried', false),
            ('keyboards', 4, 'candidates', false),
            ('property', 1, 'device unknown to the registry', true),
            ('property', 2, 'not the district''s device', false),
            ('property', 3, 'candidates', false),
            ('tunnels', 1, 'no account', true),
            ('tunnels', 2, 'account unknown to the registry', true),
            ('tunnels', 3, 'no login to the VPN', true),
            ('tunnels', 4, 'nothing tells who is at the device', true),
            ('tunnels', 5, 'candidates', false),
            ('logons', 1, 'no account', true),
            ('logons', 2, 'account unknown to the registry', true),
            ('logons', 3, 'neither host nor address', true),
            ('logons', 4, 'candidates', false),
            ('flows', 1, 'no device', true),
            ('flows', 2, 'no size', true),
            ('flows', 3, 'candidates', false)
        ) as listed (family, position, filter, is_loss)
),

judged_requests as (
    select
        requests.source,
        requests.net_kind,
        requests.device_pool,
        requests.binding_event_id,
        writing.device is not null or woken.event_id is not null as is_told,
        -- a tunnel of nobody's one laptop is told of among the tunnels, and people's
        -- own devices on a network for these need no row
        registered.device is null
        and not is_unknown_tunnel(requests.device)
        and coalesce(requests.net_kind <> 'byod', true) as is_strange,
        coalesce(requests.device_class, 'unknown') as device_class,
        case when requests.has_location then requests.building else 'elsewhere' end
            as building,
        case
            when requests.account is null then 1
            when requests.account_type is null then 2
            when requests.device is null and requests.net_kind = 'nat' then 3
            when requests.device is null then 4
        end as no_person,
        case
            when requests.url_hostname is null then 5
            when requests.is_half and requests.content_type is null then 6
            when requests.bytes_in is null and requests.content_type is null then 7
            when candidates.event_id is null then 8
            else 9
        end as site_step,
        case
            when requests.net_kind is null then 5
            when not requests.has_location then 6
            when requests.attribution_grade <> 'A' then 7
            when not is_told and is_strange then 8
            when not is_told then 9
            else 10
        end as presence_step,
        case
            when is_strange then 1
            when writing.device is null then 2
            when coalesce(requests.device_class not in ('desktop', 'lab_pc'), true)
                then 3
            else 4
        end as keyboard_step,
        case
            when is_strange then 1
            when not requests.is_district_device then 2
            else 3
        end as property_step
    from requests
    left join candidates on requests.event_id = candidates.event_id
    left join registered on requests.device = registered.device
    left join writing on requests.device = writing.device
    left join woken on requests.event_id = woken.event_id
),

stopped as (
    select
        'sites' as family,
        source,
        building,
        device_class,
        coalesce(no_person, site_step) as position,
        1 as event_count
    from judged_requests
    union all
    select
        'presence' as family,
        source,
        building,
        device_class,
        coalesce(no_person, presence_step) as position,
        1 as event_count
    from judged_requests
    -- of whom and where is known; the rest is told of presence already
    union all
    select
        'shared' as family,
        source,
        building,
        device_class,
        case when presence_step = 7 then 1 else 2 end as position,
        1 as event_count
    from judged_requests
    where no_person is null and presence_step >= 7 and device_pool is not null
    union all
    select
        'keyboards' as family,
        source,
        building,
        device_class,
        keyboard_step as position,
        1 as event_count
    from judged_requests
    where no_person is null and presence_step >= 7
    union all
    select
        'property' as family,
        source,
        building,
        device_class,
        property_step as position,
        1 as event_count
    from judged_requests
    where no_person is null
    union all
    select
        'tunnels' as family,
        source,
        building,
        device_class,
        case
            when no_person < 3 then no_person
            when binding_event_id is null then 3
            when not is_told then 4
            else 5
        end as position,
        1 as event_count
    from judged_requests
    where net_kind = 'remote'
    union all
    select
        'logons' as family,
        logons.source,
        case when places.has_location then places.building else 'elsewhere' end
            as building,
        'unknown' as device_class,
        case
            when logons.user_name is null then 1
            when not names.is_known then 2
            when
                logons.host is null
                and logons.src_ip is null
                and logons.src_mac is null
                then 3
            else 4
        end as position,
        1 as event_count
    from logons
    left join names on logons.user_name = names.user_name
    left join places on logons.src_ip = places.ip
    union all
    select
        'flows' as family,
        source,
        building,
        device_class,
        case
            when is_address then 1
            -- a proxy need not tell what was sent: a firewall does
            when bytes_out is null and source = 'firewall' then 2
            else 3
        end as position,
        flow_count as event_count
    from flows
),

counted as (
    select
        family,
        source,
        building,
        device_class,
        position,
        sum(event_count) as dropped_count
    from stopped
    group by family, source, building, device_class, position
),

groups as (
    select distinct
        family,
        source,
        building,
        device_class
    from counted
)

select
    $event_date::date as event_date,
    groups.family,
    groups.source,
    groups.building,
    groups.device_class,
    steps.position::bigint as position,
    steps.filter,
    steps.is_loss,
    sum(coalesce(counted.dropped_count, 0)) over to_the_end::bigint as event_count,
    case
        when steps.filter = 'candidates' then 0
        else coalesce(counted.dropped_count, 0)
    end::bigint as dropped_count
from groups
inner join steps on groups.family = steps.family
left join counted
    on
        groups.family = counted.family
        and groups.source = counted.source
        and groups.building = counted.building
        and groups.device_class = counted.device_class
        and steps.position = counted.position
window
    to_the_end as (
        partition by
            groups.family,
            groups.source,
            groups.building,
            groups.device_class
        order by steps.position
        rows between current row and unbounded following
    )
