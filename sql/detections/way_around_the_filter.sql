/* ---
title: A proxy, VPN, resolver or remote-control service on a district device
summary: >
  A staff account on a district device used a service whose purpose is to pass the
  filter or to control a computer from elsewhere, for longer than a page load: pages
  through a proxy, a busy tunnel that only the firewall saw, busy tunnels one after the
  other through the proxy, or many tunnels to an outside name resolver. Look-ups alone,
  and lines without bytes and durations, make a lead. If only one list has it, and not
  the list of well-known sites, use must last half an hour or repeat on a second day; a
  resolver is recognized by its name and needs neither. A tunnel to an address without a
  name, on the port of WireGuard or OpenVPN, must repeat on a second day or follow a
  call to a listed provider. Services that the district manages are on its list of sites
  and never count.
code: NA-3
kind: non_approved_site
severity: medium
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.19, cl.13d, cl.33, cl.18]
requires_fields: [whose_request, site_asked_for]
requires_registry: [users.csv|accounts.csv, devices.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 180
    min: 30
    max: 7200
    unit: seconds
    why: a tool in use is more than a look at its home page
  long_seconds:
    type: int
    default: 1800
    min: 60
    max: 28800
    unit: seconds
    why: with one list alone, as long as this in a day
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not use
  look_ups:
    type: int
    default: 20
    min: 5
    max: 1000
    unit: tunnels
    why: a browser that tries a resolver once and falls back makes a few
  tunnel_rate:
    type: int
    default: 500
    min: 50
    max: 100000
    unit: bytes a second
    why: an idle tunnel keeps itself alive with some ten bytes a second
  proxied_rate:
    type: int
    default: 2000
    min: 50
    max: 100000
    unit: bytes a second
    why: >-
      each new tunnel costs some six kilobytes before anything is sent; one every few
      seconds is still no use
  port_megabytes:
    type: int
    default: 20
    min: 1
    max: 100000
    unit: megabytes
    why: >-
      where a log has no durations; a tunnel that keeps itself alive all day makes two
  common_devices:
    type: int
    default: 3
    min: 2
    max: 1000
    unit: devices
    why: what this many devices do is their program's habit, or the district's own tool
columns:
  measure: {type: double, is: seconds of the longest stretch}
claim:
  - when: [is_by_look_ups]
    says: >-
      Account {account} used {sites:names}, a VPN, proxy or remote-control service, in
      {look_ups:count tunnel}.
  - when: [is_by_volume]
    says: >-
      Account {account} used {sites:names}, by its port a VPN, with about
      {megabytes:number} MB; the log has no durations.
  - says: >-
      Account {account} used {sites:names}, a VPN, proxy or remote-control service, for
      about {longest_seconds:duration} (estimate).
details:
  shared: site
  tunnels: int
  look_ups: int
  devices_alike: int
  megabytes: int
  is_by_look_ups: boolean
  is_by_volume: boolean
  is_unused: boolean
  is_common_program: boolean
explanations:
  - name: A tool that the district manages
    by_design: what is on the list of sites for this day and role is left out
  - name: A program that many devices have, and that acts by itself
    test: is_common_program
    says: >-
      [{!devices_alike?}it was read page by page, which no program
      does][{devices_alike?}{look_ups?}{devices_alike:count device} looked names up
      outside that day][{devices_alike?}{!look_ups?}{devices_alike:count device} called
      that site that day]
    not_testable: it is not known how many devices do so
  - name: A service that was called and hardly used
    test: is_unused
    ruled_out: a log has the bytes or the duration of the use
    not_testable: >-
      [{!is_by_volume?}look-ups, and lines without bytes and durations, show names
      alone][{is_by_volume?}a log without durations does not show how long the tunnel
      was open]
  - glance
  - live
  - shared: machine
    by_design: >-
      [{!tunnels?}even, machine-timed and background traffic is left
      out][{tunnels?}tunnels count while the account's keyboard is live, if not idle]
  - approved
refuted_by:
  - an entry for the tool on the approved list
  - a corrected category
false_positives:
  - A list puts the site in the wrong category.
  - A vendor's support session that the technology office arranged.
  - A tool that is managed by the district and missing from the list of sites.
triage: >
  Check whether your office installed the tool. Then look at the device.
--- */
with

use as (
    select *
    from core.site_evidence
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and is_external
        and is_page_read
        and is_district_device
        and longest_seconds >= $longest_seconds
        and request_count >= $requests
        and regexp_matches(coalesce(categories, ''), 'circumvention|remote_access')
),

days as (
    select
        account,
        site,
        count(distinct event_date) as day_count
    from use
    group by account, site
),

tools as (
    select
        url_hostname,
        max(source_count) as list_count,
        bool_or(is_well_known) as is_well_known
    from core.host_categories
    where
        event_date = $event_date::date
        and category in ('circumvention', 'remote_access')
    group by url_hostname
),

requests as (
    select
        account,
        device,
        site,
        url_hostname
    from core.engaged_requests
    where event_date = $event_date::date
),

-- a tool may be one host of a site that is otherwise none
asked as (
    select
        requests.account,
        requests.device,
        requests.site,
        count(*) as tool_requests,
        max(tools.list_count) as list_count,
        bool_and(tools.is_well_known) as is_well_known
    from requests
    inner join tools on requests.url_hostname = tools.url_hostname
    group by requests.account, requests.device, requests.site
),

-- remote control that many devices call is the district's own
callers as (
    select
        site,
        count(distinct device) as device_count
    from core.outside_flows
    where event_date = $event_date::date
    group by site
),

by_page as (
    select
        use.account,
        use.device,
        use.site,
        use.served,
        use.categories,
        use.longest_seconds,
        use.total_seconds,
        use.spans,
        use.on_duty_seconds,
        use.visit_count,
        0 as tunnel_count,
        0 as look_up_count,
        false as is_unmeasured,
        case
            when regexp_matches(use.categories, 'remote_access')
                then coalesce(callers.device_count, 0)
            else 0
        end as devices_alike,
        use.largest_bytes,
        use.embed_share,
        use.attribution_grade,
        use.is_live_known,
        use.start_time,
        use.end_time,
        use.evidence,
        days.day_count,
        asked.list_count,
        asked.is_well_known
    from use
    inner join days on use.account = days.account and use.site = days.site
    inner join asked
        on
            use.account = asked.account
            and use.device = asked.device
            and use.site = asked.site
    left join callers on use.site = callers.site
    where
        use.event_date = $event_date::date
        and asked.tool_requests >= $requests
        and 2 * asked.tool_requests >= use.request_count
        and (
            asked.list_count >= 2
            or asked.is_well_known
            or days.day_count >= 2
            or use.total_seconds >= $long_seconds
        )
),

-- a proxy's tunnels, and a firewall's lines without durations, last by their pauses
timed_use as (
    select
        *,
        seen_by <> 'firewall' or total_seconds = 0 as is_timed_by_pauses,
        seen_by = 'resolver'
        or (
            seen_by = 'firewall'
            and total_seconds = 0
            and (total_bytes = 0 or how = 'port')
        ) as is_unmeasured
    from core.tool_use
    where event_date between $event_date::date - interval 13 day and $event_date::date
),

tunnels as (
    select
        account,
        device,
        site,
        how,
        category,
        list_count,
        is_well_known,
        attribution_grade,
        is_live_known,
        flow_count,
        case
            when how = 'tool' and is_timed_by_pauses then active_seconds
            else longest_seconds
        end as longest_seconds,
        case
            when how = 'tool' and is_timed_by_pauses then active_seconds
            else total_seconds
        end as total_seconds,
        total_bytes,
        devices_alike,
        is_unmeasured,
        start_time,
        end_time,
        evidence,
        event_date
    from timed_use
    where
        not is_listed
        and (
            (how = 'resolver' and seen_by <> 'resolver' and flow_count >= $look_ups)
            -- calls without bytes and durations show a tool where they go on; a lead
            or (
                how = 'tool'
                and is_unmeasured
                and flow_count >= $requests
                and active_seconds >= $longest_seconds
            )
            or (
                how in ('tool', 'port')
                and seen_by = 'firewall'
                and longest_seconds >= $longest_seconds
                and total_bytes >= $tunnel_rate * total_seconds
            )
            or (
                how = 'port'
                and seen_by = 'firewall'
                and total_seconds = 0
                and total_bytes >= 1000000 * $port_megabytes
            )
            or (
                how = 'tool'
                and is_timed_by_pauses
                and flow_count >= $requests
                and active_seconds >= $longest_seconds
                and total_bytes >= $proxied_rate * active_seconds
            )
        )
),

tunnel_days as (
    select
        account,
        site,
        count(distinct event_date) as day_count
    from tunnels
    group by account, site
),

by_tunnel as (
    select
        tunnels.account,
        tunnels.device,
        tunnels.site,
        []::varchar[] as served,
        tunnels.category as categories,
        tunnels.longest_seconds,
        tunnels.total_seconds,
        [
            struct_pack(
                began := epoch(tunnels.start_time), ended := epoch(tunnels.end_time)
            )
        ] as spans,
        0 as on_duty_seconds,
        0 as visit_count,
        tunnels.flow_count as tunnel_count,
        case when tunnels.how = 'resolver' then tunnels.flow_count else 0 end
            as look_up_count,
        tunnels.is_unmeasured,
        tunnels.devices_alike,
        tunnels.total_bytes as largest_bytes,
        0 as embed_share,
        tunnels.attribution_grade,
        tunnels.is_live_known,
        tunnels.start_time,
        tunnels.end_time,
        tunnels.evidence,
        tunnel_days.day_count,
        tunnels.list_count,
        tunnels.is_well_known
    from tunnels
    inner join tunnel_days
        on
            tunnels.account = tunnel_days.account
            and tunnels.site = tunnel_days.site
    -- pages that were read say it better
    left join by_page
        on
            tunnels.account = by_page.account
            and tunnels.device = by_page.device
            and tunnels.site = by_page.site
    where
        tunnels.event_date = $event_date::date
        and by_page.account is null
        and (
            tunnels.how = 'resolver'
            or tunnels.list_count >= 2
            or tunnels.is_well_known
            or tunnel_days.day_count >= 2
            -- a port alone may be one that two callers agreed upon by chance
            or (tunnels.how = 'tool' and tunnels.total_seconds >= $long_seconds)
        )
),

judged as (
    select * from by_page
    union all
    select * from by_tunnel
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(longest_seconds) as measure,
    devices_and_sites(device, site) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_insert(
        site_facts(
            site, served, categories, list_count, longest_seconds, total_seconds, spans,
            on_duty_seconds, visit_count, largest_bytes, embed_share, day_count,
            true, attribution_grade, is_live_known
        ),
        tunnels := sum(tunnel_count)::bigint,
        look_ups := sum(look_up_count)::bigint,
        devices_alike := max(devices_alike),
        megabytes := (max(largest_bytes) / 1000000)::bigint,
        is_by_look_ups := sum(look_up_count) > 0 and sum(visit_count) = 0,
        is_by_volume := sum(look_up_count) = 0 and max(longest_seconds) = 0,
        is_unused := if(bool_and(is_unmeasured), null, false),
        is_common_program := max(devices_alike) >= $common_devices
    ) as details,
    $event_date::date as event_date
from judged
group by account
