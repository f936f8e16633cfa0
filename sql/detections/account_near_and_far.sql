/* ---
title: An account was used on site and outside at the same time
summary: >
  Requests that a person made as one owner alternate, within minutes each time, between
  a live keyboard in a building of the district and a tunnel from outside. An idle
  tunnel makes no such request. Places count, not device names: a tunnel is only assumed
  to be the owner's laptop. A device outside whose agent names it and the account counts
  as a tunnel does. Tunnels over mobile networks, relays, hosting providers and
  the district's own egress are left out; from a network of unknown kind it is a lead.
  Where the lines name another person's computer outside, fewer alternations are enough.
code: SA-6
kind: shared_account
severity: high
stage: trial
base_confidence: C2
clauses: [cl.23, cl.13d]
requires_fields: [whose_request, presence, sign_in_place]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv]
session_policy:
  keyboard: finding
  network: finding
  stock: finding
  home: lead
  nothing: nothing
grain: [subject, event_date]
ends:
  of: measured
  by: [owner]
  passes: count(*) >= $turns or count_if(is_anothers_turn) >= $named_turns
  having:
    too few turns: count(*) >= $turns
    too few turns with another person's computer: >-
      count_if(is_anothers_turn) >= $named_turns
lookback: 1
params:
  event_date: {type: date}
  turns:
    type: int
    default: 6
    min: 2
    max: 100
    why: three times there and back; one late line makes at most two
  named_turns:
    type: int
    default: 3
    min: 2
    max: 100
    why: >-
      a line that names another person's computer, with the account at its keyboard,
      assumes nothing; one late line makes at most two turns
  gap_seconds:
    type: int
    default: 240
    min: 30
    max: 900
    unit: seconds
    why: no one goes home and back in four minutes
  tunnel_requests:
    type: int
    default: 6
    min: 3
    max: 200
    why: a tunnel that stays up made at most four page requests in a run
  tunnel_bins:
    type: int
    default: 2
    min: 1
    max: 50
    why: one burst is a program that starts; use spreads over time
columns:
  measure: {type: double, is: turns}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was used at {buildings:names} and [{!is_agent?}through a VPN from
  outside][{is_agent?}outside, on a device whose agent names it][, about
  {kilometers:number} km away,] at about the same time: {turns} switches within
  minutes each.[{is_anothers_device?} The lines from outside name another person's
  computer.]
details:
  turns: int
  shortest_gap_seconds: double
  buildings: varchar[]
  kilometers: int
  network_kind: varchar
  kind_source: varchar
  is_shared_network: boolean
  is_anothers_device: boolean
  is_agent: boolean
  is_left_open: boolean
  is_clock_wrong: boolean
explanations:
  - name: An idle tunnel that is always up
    by_design: only requests that a person makes count, on both sides
  - name: A phone's hotspot, a relay or a service that many people share
    test: is_shared_network
    ruled_out: >-
      a list names the kind of the outside network; such kinds are left out
    not_testable: no list shows what kind of network the tunnel came from
  - name: A desk that its owner works at from home
    by_design: the keyboard was unlocked at the desk; no remote logon there
  - shared: live
    ruled_out: >-
      a logon, an unlock or page requests show a user on site; the tunnel was opened
      meanwhile and used, or a live session shows its user
  - shared: clock
    ruled_out: the hosts' clocks were checked against the directory or the tunnel
    not_testable: a host's clock could not be checked
  - approved
refuted_by:
  - another kind of network for the outside address
  - a network that the registry puts in the wrong building
false_positives:
  - The owner works at the desk from afar with a tool that writes no remote logon.
  - The laptop itself is in the building, with its tunnel over a line that a list shows
    as residential.
  - The laptop is in the building too, on a line that a list shows as residential.
triage: >
  Have the password changed: the owner may not know of it. Do not question
  anyone yourself.
--- */
with

seen as (
    select
        event_id,
        account,
        coalesce(person_id, account) as owner,
        device,
        building,
        lat,
        lon,
        start_time,
        has_location as is_on_site,
        is_used or is_live_known as is_live_known,
        -- the tunnel is not that device's where the device is on site; where it writes
        -- logons and has none, its tunnel is idle or another machine's
        is_used
        or (not is_live_known and not is_unknown_tunnel(device))
        or device_basis = 'contradicted' as is_possibly_used,
        -- the line names a computer of another person, where this account is live
        coalesce(
            device_basis = 'agent'
            and device_pool is null
            and device_owner <> person_id
            and is_live,
            false
        ) as is_anothers,
        -- the clock of that device does not apply to a tunnel of another device
        is_clock_checked or device_basis = 'contradicted' as is_clock_checked,
        not has_location and binding_event_id is null as is_agent,
        session_event_id,
        binding_event_id
    from core.engaged_requests
    where
        event_date = $event_date::date
        and (attribution_grade = 'A' or is_given)
        and not is_ambiguous_time
        and (
            (has_location and is_used and is_paced)
            or (
                net_kind = 'remote'
                and (
                    binding_event_id is not null
                    -- on another's device an enrollment may be an old one
                    or (
                        device_basis = 'agent'
                        and device_pool is null
                        and device_owner = person_id
                    )
                )
            )
        )
),

-- most accounts were at a desk all day, and are not compared with anything
requests as (
    select seen.*
    from seen
    where seen.owner in (select away.owner from seen as away where not away.is_on_site)
),

logons as (
    select
        event_id,
        user_name,
        time,
        event_date,
        host,
        device,
        src_ip,
        logon_kind
    from core.logons
    where
        event_date between $event_date::date - interval 1 day and $event_date::date
        and is_success is distinct from false
        and logon_kind in ('vpn', 'interactive', 'cached', 'remote', 'wifi')
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

outside as (
    select *
    from core.outside_places
    where
        coalesce(
            network_kind not in ('mobile', 'hosting', 'relay', 'satellite', 'egress'),
            true
        )
),

inside as (
    select ip
    from identity.places
    where net_kind in ('remote', 'vdi', 'server')
),

-- a desk that its owner reaches from home by remote desktop is not worked at
reached as (
    select distinct
        names.account,
        coalesce(logons.device, logons.host) as device
    from logons
    inner join names on logons.user_name = names.user_name
    left join inside on logons.src_ip = inside.ip
    where
        logons.logon_kind = 'remote'
        or (logons.logon_kind = 'interactive' and inside.ip is not null)
),

at_desk as (
    select
        requests.*,
        null::varchar as network_kind,
        null::varchar as kind_source,
        null::double as far_lat,
        null::double as far_lon
    from requests
    left join logons on requests.session_event_id = logons.event_id
    left join reached
        on requests.account = reached.account and requests.device = reached.device
    where
        requests.is_on_site
        and coalesce(logons.logon_kind in ('interactive', 'wifi', 'vpn'), true)
        and reached.device is null
),

at_desk_spans as (
    select
        owner,
        -- and no one goes home and back in so short a time before
        min(start_time) - to_seconds($gap_seconds) as start_time,
        max(start_time) as end_time
    from at_desk
    group by owner
),

-- a tunnel that was opened while the desk was in use, and then used at a person's pace,
-- is not one that was left open
opened_meanwhile as (
    select requests.binding_event_id
    from requests
    inner join logons on requests.binding_event_id = logons.event_id
    inner join at_desk_spans on requests.owner = at_desk_spans.owner
    where
        not requests.is_on_site
        and logons.logon_kind = 'vpn'
        and logons.event_date = $event_date::date
        and logons.time between at_desk_spans.start_time and at_desk_spans.end_time
    group by requests.binding_event_id
    having
        count(*) >= $tunnel_requests
        and count(distinct epoch(requests.start_time)::bigint // 300) >= $tunnel_bins
),

-- use of a tunnel whose device no log names shows in its pace: what a device does alone
-- through it comes minutes apart
paced as (
    select event_id
    from requests
    where not is_on_site
    qualify
        count(*) over (
            partition by binding_event_id, if(is_agent, device, null)
            order by start_time
            range between interval 5 minute preceding and interval 5 minute following
        ) >= $tunnel_requests
),

from_outside as (
    select
        requests.* replace (
            requests.is_live_known
            or opened_meanwhile.binding_event_id is not null
            or paced.event_id is not null as is_live_known,
            -- the tunnel's own login, by the firewall's clock, is what shows the time
            requests.is_clock_checked
            or opened_meanwhile.binding_event_id is not null
            or (paced.event_id is not null and is_unknown_tunnel(requests.device))
                as is_clock_checked
        ),
        outside.network_kind,
        outside.kind_source,
        outside.lat as far_lat,
        outside.lon as far_lon
    from requests
    inner join logons on requests.binding_event_id = logons.event_id
    inner join outside on logons.src_ip = outside.ip
    left join opened_meanwhile
        on requests.binding_event_id = opened_meanwhile.binding_event_id
    left join paced on requests.event_id = paced.event_id
    where
        not requests.is_on_site
        and logons.logon_kind = 'vpn'
        and (
            requests.is_possibly_used
            or paced.event_id is not null
            or opened_meanwhile.binding_event_id is not null
        )
),

-- an agent's cloud records the address outside in the line itself
by_agent as (
    select
        requests.* replace (
            requests.is_live_known or paced.event_id is not null as is_live_known
        ),
        outside.network_kind,
        outside.kind_source,
        outside.lat as far_lat,
        outside.lon as far_lon
    from requests
    inner join core.http_requests as lines on requests.event_id = lines.event_id
    inner join outside on lines.src_ip = outside.ip
    left join paced on requests.event_id = paced.event_id
    where
        requests.is_agent
        and lines.event_date = $event_date::date
        and (requests.is_possibly_used or paced.event_id is not null)
),

both_sides as (
    select * from at_desk
    union all
    select * from from_outside
    union all
    select * from by_agent
),

stepped as (
    select
        *,
        lag(both_sides) over in_order as previous
    from both_sides
    window in_order as (partition by owner order by start_time, event_id)
),

turns as (
    select
        *,
        case when is_on_site then previous['is_anothers'] else is_anothers end
            as is_anothers_turn,
        coalesce(network_kind, previous['network_kind']) as far_kind,
        coalesce(kind_source, previous['kind_source']) as far_source,
        case when is_on_site then building else previous['building'] end
            as near_building,
        case when is_on_site then lat else previous['lat'] end as near_lat,
        case when is_on_site then lon else previous['lon'] end as near_lon,
        case when is_on_site then previous['far_lat'] else far_lat end as there_lat,
        case when is_on_site then previous['far_lon'] else far_lon end as there_lon
    from stepped
    where
        is_on_site <> previous['is_on_site']
        -- that a tunnel is the owner's one laptop is an assumption, and one device in
        -- two places contradicts it; a laptop on site may have its own tunnel through
        -- an egress that the registry lacks, so the network must be known to be
        -- residential
        and (
            (
                device <> previous['device']
                and not is_unknown_tunnel(device)
                and not is_unknown_tunnel(previous['device'])
            )
            or coalesce(network_kind, previous['network_kind']) = 'residential'
        )
        and epoch(start_time) - epoch(previous['start_time']) < $gap_seconds
),

measured as (
    select
        *,
        kilometers_apart(there_lat, there_lon, near_lat, near_lon) as kilometers
    from turns
)

select
    min(account) as subject,
    min(previous['start_time']) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_set(list(device) || list(previous['device'])) as observables,
    evidence_of_switches(measured, previous) as evidence,
    struct_pack(
        turns := count(*),
        shortest_gap_seconds := round(
            min(epoch(start_time) - epoch(previous['start_time'])), 1
        ),
        buildings := sorted_values(near_building),
        kilometers := round(min(kilometers), 0)::bigint,
        network_kind := min(far_kind),
        kind_source := min(far_source),
        is_shared_network := ruled_out_if(bool_and(far_kind is not null)),
        is_anothers_device := bool_and(is_anothers_turn),
        is_agent := bool_and(if(is_on_site, previous['is_agent'], is_agent)),
        is_left_open := ruled_out_if(
            bool_and(is_live_known and previous['is_live_known'])
        ),
        is_clock_wrong := ruled_out_if(
            bool_and(
                is_clock_checked and previous['is_clock_checked']
            )
        )
    ) as details,
    $event_date::date as event_date
from measured
group by owner
having count(*) >= $turns or count_if(is_anothers_turn) >= $named_turns
