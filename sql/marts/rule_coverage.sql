/* ---
summary: >
  How much of a day the rules could judge: for each family of rules that share their
  candidates, by source, building and class of device, how many events came to each
  filter and how many it dropped. An event counts at the first filter that drops it.
  Where a filter is a loss, a rule cannot judge what was dropped; others leave out what
  no rule is about. Students, shared accounts, services, guests, private phones,
  servers, screens and devices without a user are not counted at all. A network login
  that is written twice, as the inner login of a tunnel, is counted once. A personal
  laptop or Chromebook shows by its pages whether someone uses it; other devices show
  it only by their logons.
grain: [event_date, family, source, building, device_class, position]
lookback: 14
params:
  event_date: {type: date}
columns:
  event_date: {type: date, is: local day}
  family:
    type: varchar
    is: >-
      sites, hours, presence, shared, keyboards, property, tunnels, logons or flows
  source: varchar
  building: {type: varchar, is: building of the network; elsewhere without one}
  device_class: {type: varchar, is: class of the device; unknown without one}
  position: {type: bigint, is: order of the filters; the last one drops nothing}
  filter: {type: varchar, is: what was dropped; candidates is what was left}
  is_loss: {type: boolean, is: the rules should have judged what was dropped}
  event_count: {type: bigint, is: events that came to this filter}
  dropped_count: {type: bigint, is: how many of these it dropped}
--- */
with

registered as (
    select
        device,
        any_value(assigned_to) as assigned_to,
        any_value(pool) as pool
    from identity.devices
    where event_date = $event_date::date
    group by device
),

students as (
    select distinct person_id
    from identity.accounts
    where event_date = $event_date::date and is_student
),

-- an export without a column for what the filter did
without_action as (
    select source
    from core.http_requests
    where event_date = $event_date::date
    group by source
    having count(disposition) = 0
),

requests as (
    select
        requests.event_id,
        requests.source,
        requests.account,
        requests.account_type,
        requests.person_id,
        requests.is_staff,
        requests.attribution_grade,
        requests.is_given,
        requests.is_user_unknown,
        requests.device,
        requests.device_class,
        requests.is_district_device,
        requests.device_pool,
        requests.binding_event_id,
        -- a line that names its device came from home, through no tunnel
        requests.net_kind = 'remote'
        and not (
            coalesce(requests.device_basis = 'agent', false)
            and requests.binding_event_id is null
        ) as is_tunneled,
        requests.net_kind,
        requests.has_location,
        requests.building,
        requests.url_hostname,
        requests.bytes_in,
        requests.is_half,
        requests.content_type,
        requests.disposition is not null as is_stated,
        registered.device is not null as is_registered,
        registered.device is not null
        and coalesce(registered.assigned_to, registered.pool) is null
            as is_without_owner,
        -- a device of one person whose lines name no one: its logs contradict
        requests.account is null
        and registered.assigned_to is not null
        and registered.pool is null as is_contradicted
    from core.http_requests as requests
    left join registered on requests.device = registered.device
    left join students on requests.device_owner = students.person_id
    where
        requests.event_date = $event_date::date
        and (
            requests.disposition = 'allowed'
            or requests.source in (select without_action.source from without_action)
        )
        and not coalesce(requests.is_student, false)
        and coalesce(requests.account_type, 'person') = 'person'
        and not is_outside_rules(
            requests.net_kind, requests.device_class, requests.device, requests.account
        )
        -- students, printers and switches
        and (
            requests.account is not null
            or (
                students.person_id is null
                and (
                    coalesce(requests.device_class <> 'other', true)
                    or registered.assigned_to is not null
                )
            )
        )
),

rostered as (
    select person_id
    from core.rostered_people
    where event_date = $event_date::date
),

candidates as (
    select event_id
    from core.candidate_requests
    where event_date = $event_date::date
),

logons as (
    select
        event_id,
        source,
        time,
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
        -- an unknown device is listed by its address
        regexp_full_match(device, '[0-9.]+|[0-9a-f]*:[0-9a-f:]*') as is_address,
        coalesce(building, 'elsewhere') as building,
        coalesce(device_class, 'unknown') as device_class,
        bytes_out,
        flow_count
    from core.outside_flows
    where
        event_date = $event_date::date
        and seen_by <> 'resolver'
        and (
            coalesce(net_kind not in ('guest', 'byod', 'nat'), true)
            or is_registered
        )
),

-- the same login once more, with the card or the address that this line lacks
repeated_logons as (
    select distinct bare.event_id
    from logons as bare
    inner join logons as whole
        on
            bare.source = whole.source
            and bare.user_name = whole.user_name
            and whole.time
            between bare.time - interval 5 second and bare.time + interval 5 second
    where
        coalesce(bare.host, bare.src_ip, bare.src_mac) is null
        and coalesce(whole.host, whole.src_ip, whole.src_mac) is not null
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

-- a device that wrote no logon in two weeks writes none
writing as (
    select distinct device
    from core.presences
    where
        event_date between $event_date::date - interval 14 day
        and $event_date::date
        and presence = 'keyboard'
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
            ('sites', 2, 'two logs name different people', true),
            ('sites', 3, 'account unknown to the registry', true),
            ('sites', 4, 'address that many share', true),
            ('sites', 5, 'no device', true),
            ('sites', 6, 'no host', true),
            ('sites', 7, 'no line shows if it was allowed', true),
            ('sites', 8, 'no line closes its session', true),
            ('sites', 9, 'neither size nor content type', true),
            ('sites', 10, 'not a page that a person opened', false),
            ('sites', 11, 'one fact names the account', true),
            ('sites', 12, 'no log shows who is at the device', true),
            ('sites', 13, 'candidates', false),
            ('hours', 1, 'no account', true),
            ('hours', 2, 'two logs name different people', true),
            ('hours', 3, 'account unknown to the registry', true),
            ('hours', 4, 'address that many share', true),
            ('hours', 5, 'no device', true),
            ('hours', 6, 'no host', true),
            ('hours', 7, 'no line shows if it was allowed', true),
            ('hours', 8, 'no line closes its session', true),
            ('hours', 9, 'neither size nor content type', true),
            ('hours', 10, 'not a page that a person opened', false),
            ('hours', 11, 'device unknown to the registry', true),
            ('hours', 12, 'not the district''s device', false),
            ('hours', 13, 'no duty hours on file', true),
            ('hours', 14, 'the device has no owner on file', true),
            ('hours', 15, 'one fact names the account', true),
            ('hours', 16, 'no log shows who is at the device', true),
            ('hours', 17, 'candidates', false),
            ('presence', 1, 'no account', true),
            ('presence', 2, 'two logs name different people', true),
            ('presence', 3, 'account unknown to the registry', true),
            ('presence', 4, 'address that many share', true),
            ('presence', 5, 'no device', true),
            ('presence', 6, 'network unknown to the registry', true),
            ('presence', 7, 'network in no one building', false),
            ('presence', 8, 'the device has no owner on file', true),
            ('presence', 9, 'one fact names the account', true),
            ('presence', 10, 'device unknown to the registry', true),
            ('presence', 11, 'no log shows who is at the device', true),
            ('presence', 12, 'candidates', false),
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
            ('tunnels', 2, 'two logs name different people', true),
            ('tunnels', 3, 'account unknown to the registry', true),
            ('tunnels', 4, 'no login to the VPN', true),
            ('tunnels', 5, 'no log shows who is at the device', true),
            ('tunnels', 6, 'candidates', false),
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
        requests.is_tunneled,
        requests.is_stated,
        coalesce(requests.is_staff, true) as is_staff,
        writing.device is not null
        or (
            requests.is_registered
            and requests.device_pool is null
            and coalesce(requests.device_class in ('chromebook', 'laptop'), false)
        ) as is_told,
        -- a tunnel whose device is not known counts among the tunnels
        not requests.is_registered
        and not is_unknown_tunnel(requests.device) as is_strange,
        coalesce(requests.device_class, 'unknown') as device_class,
        case when requests.has_location then requests.building else 'elsewhere' end
            as building,
        case
            when requests.is_contradicted then 2
            when requests.account is null then 1
            when requests.account_type is null then 3
            when requests.device is null and requests.net_kind = 'nat' then 4
            when requests.device is null then 5
        end as no_person,
        case
            when requests.url_hostname is null then 6
            when not requests.is_stated then 7
            when requests.is_half and requests.content_type is null then 8
            when requests.bytes_in is null and requests.content_type is null then 9
            when
                requests.event_id not in (select candidates.event_id from candidates)
                then 10
        end as no_page,
        -- the rules on sites require a login, two facts, or one fact that is not a list
        case
            when
                requests.attribution_grade not in ('A', 'C')
                or requests.is_user_unknown
                then 11
            when not is_told then 12
            else 13
        end as site_step,
        case
            when is_strange then 11
            when not requests.is_district_device then 12
            when rostered.person_id is null then 13
            when
                requests.attribution_grade <> 'A'
                and (
                    not coalesce(requests.is_given, false) or requests.is_user_unknown
                )
                then if(is_without_owner, 14, 15)
            when not is_told then 16
            else 17
        end as hours_step,
        case
            when requests.net_kind is null then 6
            when not requests.has_location then 7
            when
                requests.attribution_grade <> 'A'
                and not coalesce(requests.is_given, false)
                then if(is_without_owner, 8, 9)
            when not is_told and is_strange then 10
            when not is_told then 11
            else 12
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
    left join writing on requests.device = writing.device
    left join rostered on requests.person_id = rostered.person_id
),

-- requests that take the same way are counted once: few ways are taken, by all requests
alike as (
    select
        source,
        building,
        device_class,
        is_stated,
        is_staff,
        is_told,
        coalesce(is_tunneled, false) as is_tunneled,
        device_pool is not null as is_pooled,
        binding_event_id is not null as has_lease,
        no_person,
        no_page,
        site_step,
        hours_step,
        presence_step,
        keyboard_step,
        property_step,
        count(*) as event_count
    from judged_requests
    group by all
),

stopped as (
    select
        'sites' as family,
        source,
        building,
        device_class,
        coalesce(no_person, no_page, site_step) as position,
        event_count
    from alike
    where is_staff
    union all
    select
        'hours' as family,
        source,
        building,
        device_class,
        coalesce(no_person, no_page, hours_step) as position,
        event_count
    from alike
    where is_staff
    union all
    select
        'presence' as family,
        source,
        building,
        device_class,
        coalesce(no_person, presence_step) as position,
        event_count
    from alike
    where is_stated
    -- the account and the place are known; the presence part reports the rest
    union all
    select
        'shared' as family,
        source,
        building,
        device_class,
        case when presence_step in (8, 9) then 1 else 2 end as position,
        event_count
    from alike
    where
        is_stated
        and no_person is null
        and presence_step >= 8
        and is_pooled
    union all
    select
        'keyboards' as family,
        source,
        building,
        device_class,
        keyboard_step as position,
        event_count
    from alike
    where is_stated and no_person is null and presence_step >= 8
    union all
    select
        'property' as family,
        source,
        building,
        device_class,
        property_step as position,
        event_count
    from alike
    where is_stated and no_person is null
    union all
    select
        'tunnels' as family,
        source,
        building,
        device_class,
        case
            when no_person <= 3 then no_person
            when not has_lease then 4
            when not is_told then 5
            else 6
        end as position,
        event_count
    from alike
    where is_stated and is_tunneled
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
    where logons.event_id not in (select repeated_logons.event_id from repeated_logons)
    union all
    select
        'flows' as family,
        source,
        building,
        device_class,
        case
            when is_address then 1
            -- a proxy may not log the bytes sent: a firewall does
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
