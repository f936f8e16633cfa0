/* ---
title: A device that calls one rare outside host like clockwork
summary: >
  A computer that people use contacted one outside host all day and night, at even
  intervals and with even amounts, and hardly any other device of the district uses that
  host. Services that the district manages are on its list or on many devices, a site
  that several lists name is an open page, and among few devices every host is rare. Up
  to five devices with the same rhythm are one program, and a host that a list or the
  firewall classes as malware needs no rarity. A device that is carried home calls by
  day alone: the same rhythm on several days makes a lead. Attempts that the network
  refused make a lead, unless the host is classed as malware: an updater behind a block
  tries as regularly. The device is the subject; its user may know nothing about it.
code: AN-3
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.5, cl.19]
requires_fields: [outside_flow]
requires_registry: [devices.csv]
grain: [subject, event_date]
lookback: 13
lookahead: 1
params:
  event_date: {type: date}
  calls:
    type: int
    default: 40
    min: 10
    max: 10000
    why: fewer say little about a rhythm
  hours:
    type: int
    default: 16
    min: 4
    max: 23
    unit: hours
    why: longer than anyone sits there
  days:
    type: int
    default: 3
    min: 2
    max: 13
    unit: days
    why: >-
      a device that goes home calls on each day; a chance rhythm does not return
  devices:
    type: int
    default: 2
    min: 1
    max: 20
    why: what is managed runs on more than two
  kin_devices:
    type: int
    default: 5
    min: 1
    max: 100
    unit: devices
    why: a program with the same rhythm on more devices is managed by the district
  least_devices:
    type: int
    default: 100
    min: 1
    max: 100000
    why: two of a hundred are rare, as threat hunters count; two of twenty are not
  lists:
    type: int
    default: 2
    min: 1
    max: 100
    why: a site that this many lists name is well known
  gap_score:
    type: double
    default: 0.85
    min: 0.5
    max: 1
    why: a person's gaps spread by half of their middle, a timer's by a few percent
  size_score:
    type: double
    default: 0.9
    min: 0.5
    max: 1
    why: pages differ in size, calls home hardly do
  pages_read:
    type: int
    default: 3
    min: 1
    max: 100
    unit: requests
    why: >-
      this many requests by a person to the host make an open page of it likely; fewer
      do not rule it out, because a tunnel is one line for many pages
  start_hours:
    type: int
    default: 12
    min: 1
    max: 168
    unit: hours
    why: >-
      calls as old as the records of the device may come from a page that was opened
      before; a page that a person opens during work is open half a day later
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: calls}
claim: >-
  {account} [{!is_refused?}contacted][{is_refused?}tried to reach] {sites:names}
  {calls:count time} in {hours:count hour}, about every {gap_seconds:count
  second}[{size_score?}, each time with about as much data]; [{is_refused?}the network
  refused these attempts; ]few other devices contact that site.
details:
  sites: varchar[]
  calls: int
  hours: int
  gap_seconds: int
  gap_score: double
  size_score: double
  even_days: int
  is_by_day: boolean
  is_look_up_alone: boolean
  is_refused: boolean
  is_refused_alone: boolean
  devices: int
  all_devices: int
  days: int
  pages_read: int
  is_page_open: boolean
  is_managed: boolean
explanations:
  - name: A page that was left open
    test: is_page_open
    says: >-
      {pages_read:count request} of a person to that host in two weeks[{is_refused?};
      what is refused opens no page]
    not_testable: >-
      [{pages_read?}{pages_read:count request} of a person to that host in two
      weeks][{!pages_read?}it calls since the first hours that are known of the device]
  - name: A program that the district manages on its devices
    test: is_managed
    ruled_out: >-
      {devices:count device} of {all_devices:number} asked for any host of the site in
      two weeks
    not_testable: it is not known how many devices know the site
  - name: A program or a page that is open while its user works
    test: is_by_day
    ruled_out: it called for {hours:count hour}, longer than anyone sits there
    not_testable: it called on {even_days:count day}, while the device was in use
  - name: Look-ups of a name without calls
    test: is_look_up_alone
    ruled_out: a firewall or a proxy has the calls themselves
    not_testable: >-
      an agent's look-ups have no sizes, and a cache decides when a name is looked up
  - name: A program whose service the network refuses
    test: is_refused_alone
    ruled_out: >-
      [{is_refused?}a list or the firewall classes the host as
      malware][{!is_refused?}calls passed]
    not_testable: >-
      an updater, a license check or an agent tries as regularly, and a refused attempt
      does not show what it would have sent
  - name: A service in the background that everyone knows
    by_design: >-
      known background hosts, sites of the list and sites that several lists name are
      left out
refuted_by:
  - an entry for the host on the approved list
false_positives:
  - A program that one person needs for the job, with its license check.
  - A page that was left open and shows the time or a ticker.
triage: >
  Find the program on the device that makes the calls. If it belongs there, put
  its host on the list.
--- */
with

-- the steadier log of the two speaks for a host
even_days as (
    select
        *,
        sum(call_count) over of_log as all_calls,
        count(*) over of_log as even_days
    from core.regular_calls
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and gap_score > $gap_score
        and size_score > $size_score
    window of_log as (partition by device, destination, seen_by)
),

even as (
    select *
    from even_days
    where
        event_date = $event_date::date
        and (
            call_count >= $calls
            or (even_days >= $days and all_calls >= $calls)
        )
    qualify
        row_number() over (
            partition by device, destination
            order by seen_by in ('resolver', 'refused'), call_count desc, seen_by
        ) = 1
),

busy as (
    select
        device,
        destination,
        min(site) as site,
        min(first_time) as start_time,
        max(last_time) as end_time,
        sum(flow_count) >= $calls
        and epoch(max(last_time)) - epoch(min(first_time)) >= 3600 * $hours as is_long,
        list_distinct(list(binding_event_id)) as bindings,
        false as is_refused
    from core.outside_flows
    where
        event_date = $event_date::date
        and is_registered
        and coalesce(
            device_class in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc'),
            false
        )
        and background_kind is null
        and not is_listed
    group by device, destination
    union all
    select
        device,
        destination,
        site,
        first_time as start_time,
        last_time as end_time,
        epoch(last_time) - epoch(first_time) >= 3600 * $hours as is_long,
        [binding_event_id] as bindings,
        true as is_refused
    from even
    where seen_by = 'refused'
),

-- the other conditions concern only these few
pairs as (
    select
        busy.* exclude (is_long),
        busy.is_long and even.call_count >= $calls as is_long
    from busy
    inner join even
        on
            busy.device = even.device
            and busy.destination = even.destination
            and busy.is_refused = (even.seen_by = 'refused')
    where
        (busy.is_long and even.call_count >= $calls)
        or (even.even_days >= $days and even.all_calls >= $calls)
),

-- which day is built does not matter yet: several read it once
device_days as (
    select distinct
        device,
        event_date
    from core.outside_flows
),

district as (
    select count(distinct device) as device_count
    from device_days
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
),

-- an entry in a malware list does not make a site well known
well_known as (
    select domain
    from registry.site_categories
    where category <> 'malware'
    group by domain
    having count(distinct source) >= $lists
),

site_days as (
    select distinct
        device,
        destination,
        site,
        event_date
    from core.outside_flows
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and site in (select pairs.site from pairs)
),

known as (
    select
        site,
        max(device_count) as device_count,
        max(day_count) as day_count
    from (
        select
            site,
            count(distinct device) as device_count,
            count(distinct event_date) as day_count
        from site_days
        group by site
        union all
        select
            site,
            max(site_devices) as device_count,
            count(*) as day_count
        from even_days
        where seen_by = 'refused'
        group by site, device
    ) as of_each
    group by site
),

-- devices whose calls to the host are as even: one program on several devices, as an
-- infection that spreads, and not people who know the site
kin as (
    select
        coalesce(site_days.site, calls.site) as site,
        count(distinct calls.device) as device_count
    from core.regular_calls as calls
    left join site_days
        on
            calls.device = site_days.device
            and calls.destination = site_days.destination
            and calls.event_date = site_days.event_date
    where
        calls.event_date
        between $event_date::date - interval 13 day and $event_date::date
        and calls.call_count >= $calls
        and calls.gap_score > $gap_score
        and calls.size_score > $size_score
    group by coalesce(site_days.site, calls.site)
),

-- what a list or the firewall itself calls malware needs no rarity
malware as (
    select distinct url_hostname
    from core.host_categories
    where event_date = $event_date::date and category = 'malware'
),

rare as (
    select
        pairs.*,
        known.device_count,
        known.day_count,
        district.device_count as all_count,
        malware.url_hostname is not null as is_malware
    from pairs
    cross join district
    inner join known on pairs.site = known.site
    left join well_known on pairs.site = well_known.domain
    left join kin on pairs.site = kin.site
    left join malware on pairs.destination = malware.url_hostname
    where
        (
            malware.url_hostname is not null
            or known.device_count <= $devices
            or (
                kin.device_count <= $kin_devices
                and known.device_count - kin.device_count < $devices
            )
        )
        and (
            malware.url_hostname is not null
            or district.device_count >= $least_devices
        )
        and well_known.domain is null
),

-- pages that a person read there: a page opened on Monday is open on Friday
read_there as (
    select
        device,
        url_hostname as destination,
        count(*) as request_count
    from core.engaged_requests
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and url_hostname in (select rare.destination from rare)
    group by device, url_hostname
),

-- whether the log shows the device before it called
started as (
    select
        rare.device,
        rare.destination,
        min(flows.first_time) filter (
            where flows.destination = rare.destination
        )
        >= min(flows.first_time) + interval 1 hour * $start_hours
            as is_start_seen
    from rare
    inner join core.outside_flows as flows
        on
            rare.device = flows.device
            and flows.event_date between $event_date::date - interval 13 day
            and $event_date::date
    group by rare.device, rare.destination
)

select
    even.device as subject,
    min(rare.start_time) as start_time,
    max(rare.end_time) as end_time,
    max(even.call_count)::double as measure,
    devices_and_sites(even.device, rare.site) as observables,
    sorted_set(
        flatten(list(even.evidence)) || flatten(list(rare.bindings))
    ) as evidence,
    struct_pack(
        sites := sorted_values(rare.site),
        calls := max(even.call_count),
        hours := round(
            max(epoch(rare.end_time) - epoch(rare.start_time)) / 3600, 0
        )::bigint,
        gap_seconds := round(min(even.gap_seconds), 0)::bigint,
        gap_score := round(min(even.gap_score), 2),
        size_score := round(
            min(even.size_score) filter (where even.seen_by <> 'resolver'), 2
        ),
        even_days := max(even.even_days),
        is_by_day := ruled_out_if(bool_and(rare.is_long)),
        is_look_up_alone := ruled_out_if(bool_and(even.seen_by <> 'resolver')),
        is_refused := bool_and(rare.is_refused),
        is_refused_alone := ruled_out_if(
            bool_or(not rare.is_refused or rare.is_malware)
        ),
        devices := max(rare.device_count),
        all_devices := max(rare.all_count),
        days := max(rare.day_count),
        pages_read := coalesce(max(read_there.request_count), 0),
        is_page_open := case
            when coalesce(max(read_there.request_count), 0) >= $pages_read then true
            when bool_and(rare.is_refused) then false
            when max(read_there.request_count) > 0 then null
            else ruled_out_if(bool_and(started.is_start_seen))
        end,
        is_managed := ruled_out_if(max(rare.device_count) > 0)
    ) as details,
    $event_date::date as event_date
from even
inner join rare
    on even.device = rare.device and even.destination = rare.destination
left join started
    on even.device = started.device and even.destination = started.destination
left join read_there
    on
        even.device = read_there.device
        and even.destination = read_there.destination
group by even.device
