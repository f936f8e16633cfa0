/* ---
title: An account signed in from two places too far apart
summary: >
  Two sign-ins from outside, one after the other, lie further apart than anyone
  flies in the time between; or the account was in use at a device in a building of the
  district, or signed in through the district's own connection, and signed in from so
  far away too soon before or after. Places
  outside are known, mobile networks, relays and hosting left out, and no place far from
  the district is one that colleagues use too. Where the kind of a network is not known,
  the account must have signed in from outside before. The account is at risk: its owner
  is likely to know nothing about one of the two.
code: SA-7
kind: shared_account
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.23, cl.13d]
requires_fields: [whose_request, sign_in_place]
requires_registry: [users.csv|accounts.csv, ip_geo.csv]
session_policy: {keyboard: finding, network: finding, stock: finding, nothing: finding}
grain: [subject, event_date]
lookback: 30
params:
  event_date: {type: date}
  kilometers:
    type: int
    default: 400
    min: 100
    max: 5000
    why: >-
      lists of residential addresses are a town or two off; four hours' drive leaves
      room for that
  speed:
    type: int
    default: 800
    min: 300
    max: 2000
    unit: km/h
    why: from door to door, no one is as fast as an airliner
  colleagues:
    type: int
    default: 3
    min: 1
    max: 100
    why: a far place that several sign in from is a hub, a trip or a course
  learning_days:
    type: int
    default: 14
    min: 1
    max: 30
    unit: days
    why: what is usual for an account must be seen first
  learning_signins:
    type: int
    default: 10
    min: 1
    max: 100
    why: or this many sign-ins, whichever comes first
columns:
  start_time: {type: timestamptz, is: first sign-in of the pair}
  end_time: {type: timestamptz, is: second sign-in of the pair}
  measure: {type: double, is: kilometers}
  observables: {type: 'varchar[]', pii: indirect, is: the device in the building}
claim:
  - when: [is_through_district]
    says: >-
      Account {account} signed in through the district's own connection and from a place
      about {kilometers:number} km away within {minutes:count minute}.
  - when: [is_on_site]
    says: >-
      Account {account} was used at {building} and signed in from a place about
      {kilometers:number} km away within {minutes:count minute}.
  - says: >-
      Account {account} signed in from two places about {kilometers:number} km apart
      within {minutes:count minute}.
details:
  is_on_site: boolean
  is_through_district: boolean
  building: varchar
  is_left_open: boolean
  kilometers: int
  minutes: int
  network_kinds: varchar[]
  is_shared_network: boolean
  is_place_wrong: boolean
  is_unused: boolean
  is_clock_wrong: boolean
explanations:
  - name: A mobile network, a relay or a service that many people share
    test: is_shared_network
    ruled_out: >-
      a list names [{is_on_site?}the kind of the outside
      network][{!is_on_site?}both kinds of network]; such kinds are left out
    not_testable: >-
      no list shows what kind of network [{is_on_site?}the sign-in came
      from][{!is_on_site?}one of the two is]
  - name: A list that has an address in the wrong place
    test: is_place_wrong
    ruled_out: the distance is what is left when each place's radius is taken off
    not_testable: the list does not say how exact a place is
  - shared: clock
    ruled_out: both times are of one log, or the clocks of the two logs agree
    not_testable: no other log shows that the clock of the log in the building is right
  - name: A place that colleagues sign in from too
    by_design: far places that several accounts use in a month are left out
  - name: A sign-in that came to nothing
    test: is_unused
    ruled_out: >-
      something more came from [{is_on_site?}there][{!is_on_site?}each of the two
      addresses] within the hour
    not_testable: >-
      from [{is_on_site?}there][{!is_on_site?}one of the two addresses] nothing more was
      seen
  - shared: live
    ruled_out: >-
      [{is_on_site?}a logon, an unlock or a device that was woken shows a person in the
      building, with no lock or pause since][{!is_on_site?}both are sign-ins of a
      person, at no device of the district]
  - name: A desk that its owner works at from afar
    by_design: >-
      use at a device that remote desktop had reached does not count as use in the
      building
  - name: A program that renews a sign-in
    by_design: only sign-ins of a person count, no renewals
refuted_by:
  - another place or kind of network for one of the addresses
  - an entry for the address among the shared ones
false_positives:
  - A list that has one of the addresses in the wrong place.
  - A service in the owner's name that signs in by itself.
  - The owner works at a desk of the district from afar, with a tool that writes no
    remote logon.
triage: >
  Change the password and end all sessions: the owner may not know about one of the
  two sign-ins. Do not question anyone yourself.
--- */
with

signins as (
    select
        event_id,
        account,
        ip,
        time,
        network_kind,
        lat,
        lon,
        coalesce(accuracy_km, 0) as accuracy_km,
        accuracy_km is not null or place_source = 'ip_geo.csv' as is_place_sure,
        next_event_id,
        event_date,
        -- a tenth of a degree: a town
        round(lat, 1) as lat_cell,
        round(lon, 1) as lon_cell
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
),

buildings as (
    select
        building,
        lat,
        lon
    from registry.buildings
    where lat is not null and lon is not null
),

-- where the district's people live, many sign in from; that makes no hub
at_home as (
    select distinct signins.event_id
    from signins
    inner join buildings
        on
            abs(signins.lat - buildings.lat) < 1
            and abs(signins.lon - buildings.lon) < 1.3
),

cells as (
    select
        lat_cell,
        lon_cell,
        count(distinct account) as account_count
    from signins
    where lat is not null
    group by lat_cell, lon_cell
),

stepped as (
    select
        signins.*,
        cells.account_count,
        at_home.event_id is not null as is_near,
        row_number() over in_order as number,
        min(signins.event_date) over (partition by signins.account) as first_date,
        lag(signins.event_id) over in_order as previous_id,
        lag(signins.ip) over in_order as previous_ip,
        lag(signins.time) over in_order as previous_time,
        lag(signins.network_kind) over in_order as previous_kind,
        lag(signins.lat) over in_order as previous_lat,
        lag(signins.lon) over in_order as previous_lon,
        lag(signins.accuracy_km) over in_order as previous_accuracy_km,
        lag(signins.is_place_sure) over in_order as previous_is_place_sure,
        lag(signins.next_event_id) over in_order as previous_next_id,
        lag(cells.account_count) over in_order as previous_account_count,
        lag(at_home.event_id is not null) over in_order as previous_is_near
    from signins
    left join cells
        on
            signins.lat_cell = cells.lat_cell
            and signins.lon_cell = cells.lon_cell
    left join at_home on signins.event_id = at_home.event_id
    where
        coalesce(
            signins.network_kind not in (
                'mobile', 'hosting', 'relay', 'satellite', 'egress'
            ),
            true
        )
    window
        in_order as (
            partition by signins.account
            order by signins.time, signins.event_id
        )
),

pairs as (
    select
        *,
        kilometers_apart(lat, lon, previous_lat, previous_lon)
        - accuracy_km
        - previous_accuracy_km as distance_km,
        greatest(epoch(time) - epoch(previous_time), 1) / 3600 as hours
    from stepped
    where
        event_date = $event_date::date
        and ip <> previous_ip
        and lat is not null
        and previous_lat is not null
        -- the account itself is one of those counted
        and (is_near or account_count <= $colleagues)
        and (previous_is_near or previous_account_count <= $colleagues)
        -- between networks of known kinds distance decides from the first day
        and (
            (network_kind is not null and previous_kind is not null)
            or first_date <= $event_date::date - to_days($learning_days)
            or number > $learning_signins
        )
),

logons as (
    select
        event_id,
        user_name,
        host,
        device,
        logon_kind
    from core.logons
    where
        event_date between $event_date::date - interval 1 day and $event_date::date
        and logon_kind in ('interactive', 'cached', 'remote', 'wifi')
),

-- a desk that its owner reaches from afar by remote desktop is not worked at
reached as (
    select distinct
        names.account,
        coalesce(logons.device, logons.host) as device
    from logons
    inner join identity.account_names as names on logons.user_name = names.user_name
    where logons.logon_kind = 'remote'
),

-- a person at a device in a building; each request loads a page that a person reads
on_site as (
    select
        requests.account,
        requests.building,
        requests.lat,
        requests.lon,
        requests.device,
        requests.start_time,
        requests.event_id,
        requests.session_event_id,
        requests.binding_event_id,
        requests.is_clock_checked
    from core.engaged_requests as requests
    left join logons on requests.session_event_id = logons.event_id
    left join reached
        on requests.account = reached.account and requests.device = reached.device
    where
        requests.event_date = $event_date::date
        and requests.account in (select signins.account from signins)
        and requests.has_location
        and requests.lat is not null
        and requests.is_used
        and requests.is_paced
        and (requests.attribution_grade = 'A' or requests.is_given)
        and not requests.is_ambiguous_time
        and coalesce(logons.logon_kind in ('interactive', 'wifi'), true)
        and reached.device is null
),

tunnels as (
    select
        account,
        start_time - interval 5 minute as start_time,
        end_time + interval 5 minute as end_time
    from identity.presences
    where event_date = $event_date::date and presence = 'tunnel'
),

inside as (
    select
        typed.account,
        typed.event_id,
        typed.start_time,
        ways_out.building
    from identity.presences as typed
    inner join core.ways_out as ways_out on typed.ip = ways_out.ip
    left join tunnels
        on
            typed.account = tunnels.account
            and typed.start_time between tunnels.start_time and tunnels.end_time
    where
        typed.event_date = $event_date::date
        and typed.logon_date = typed.event_date
        and typed.presence = 'sign_in'
        and tunnels.account is null
),

near as (
    select
        account,
        building,
        lat,
        lon,
        device,
        start_time,
        event_id,
        session_event_id,
        binding_event_id,
        is_clock_checked
    from on_site
    union all by name
    select
        inside.account,
        buildings.lat,
        buildings.lon,
        inside.start_time,
        inside.event_id,
        true as is_clock_checked
    from inside
    inner join buildings on coalesce(inside.building = buildings.building, true)
),

pairs_on_site as (
    select
        stepped.*,
        near.building,
        near.device,
        near.start_time as near_time,
        near.event_id as near_id,
        near.session_event_id,
        near.binding_event_id,
        near.is_clock_checked,
        kilometers_apart(stepped.lat, stepped.lon, near.lat, near.lon)
        - stepped.accuracy_km as distance_km,
        greatest(abs(epoch(stepped.time) - epoch(near.start_time)), 60)
        / 3600 as hours
    from stepped
    inner join near on stepped.account = near.account
    where
        stepped.event_date = $event_date::date
        and stepped.lat is not null
        and not stepped.is_near
        and stepped.account_count <= $colleagues
        -- from a network of a known kind distance decides from the first day
        and (
            stepped.network_kind is not null
            or stepped.first_date <= $event_date::date - to_days($learning_days)
            or stepped.number > $learning_signins
        )
    qualify
        row_number() over (
            partition by stepped.event_id, near.is_clock_checked
            order by
                abs(epoch(stepped.time) - epoch(near.start_time)),
                near.event_id,
                -- which of the buildings is open: the nearest
                kilometers_apart(stepped.lat, stepped.lon, near.lat, near.lon)
        ) = 1
),

apart as (
    select
        account,
        least(time, near_time) as start_time,
        greatest(time, near_time) as end_time,
        distance_km,
        hours,
        true as is_on_site,
        building,
        device,
        ['on site', network_kind] as network_kinds,
        network_kind is not null as is_kind_known,
        is_place_sure,
        next_event_id is not null as is_used,
        is_clock_checked,
        [event_id, next_event_id, near_id, session_event_id, binding_event_id]
            as evidence
    from pairs_on_site
    union all
    select
        account,
        previous_time as start_time,
        time as end_time,
        distance_km,
        hours,
        false as is_on_site,
        null as building,
        null as device,
        [previous_kind, network_kind] as network_kinds,
        network_kind is not null and previous_kind is not null as is_kind_known,
        is_place_sure and previous_is_place_sure as is_place_sure,
        next_event_id is not null and previous_next_id is not null as is_used,
        true as is_clock_checked,
        [event_id, previous_id, next_event_id, previous_next_id] as evidence
    from pairs
),

impossible as (
    select *
    from apart
    where distance_km >= $kilometers and distance_km / hours >= $speed
),

-- the pair that shows it best
chosen as (
    select *
    from impossible
    qualify
        row_number() over (
            partition by account
            order by
                is_clock_checked desc,
                is_kind_known desc,
                is_used desc,
                distance_km desc,
                end_time,
                start_time desc,
                evidence
        ) = 1
)

select
    account as subject,
    start_time,
    end_time,
    round(distance_km, 0) as measure,
    sorted_set([device]) as observables,
    sorted_set(evidence) as evidence,
    struct_pack(
        is_on_site := is_on_site,
        is_through_district := is_on_site and building is null,
        building := building,
        is_left_open := false,
        kilometers := round(distance_km, 0)::bigint,
        minutes := round(hours * 60, 0)::bigint,
        network_kinds := network_kinds,
        is_shared_network := ruled_out_if(is_kind_known),
        is_place_wrong := ruled_out_if(is_place_sure),
        is_unused := ruled_out_if(is_used),
        is_clock_wrong := ruled_out_if(is_clock_checked)
    ) as details,
    $event_date::date as event_date
from chosen
