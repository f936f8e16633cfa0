/* ---
title: Sustained use of a public address without a name
summary: >
  A staff account used a web server by its bare public address for a sustained
  stretch, which hides what it is. Pages and video in clear count; tunnels do not,
  since calls and meetings send their sound and pictures that way. A player asks for
  the parts of a video by its own timer: they count while the keyboard is live.
  Addresses of the district's own networks do not count.
code: NA-5
kind: non_approved_site
severity: low
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.29, cl.33]
requires_fields: [whose_request, outside_flow]
requires_registry: [users.csv|accounts.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 300
    min: 60
    max: 7200
    unit: seconds
    why: a redirect through an address takes seconds
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not use
columns:
  measure: {type: double, is: seconds of the longest stretch}
claim: >-
  Account {account} used the address {sites:names}, which has no name, for about
  {longest_seconds:duration} (estimate).
details:
  shared: site
  is_break: boolean
  why_no_break: varchar
explanations:
  - name: An address of the district
    by_design: private addresses, its own networks and listed sites are left out
  - glance
  - break
  - live
  - machine
  - approved
refuted_by:
  - an entry for the address on the approved list
false_positives:
  - A service of the district or of a vendor that has no name; put its address on
    the list of sites.
triage: >
  Find out what answers at the address.
--- */
with

use as (
    select *
    from core.site_evidence
    where
        event_date = $event_date::date
        and is_external
        and is_page_read
        and is_bare_address(site)
        and not regexp_matches(
            site,
            '^(0|10|127|169[.]254|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]'
            || '|^100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]'
        )
        and not regexp_matches(site, '^(fc|fd|fe80|::1)')
        and (on_duty_seconds >= $longest_seconds or is_district_device)
),

-- an IPv4 address in the form that sorts; IPv6 stays null
placed as (
    select
        *,
        case
            when regexp_full_match(site, '[0-9]{1,3}([.][0-9]{1,3}){3}')
                then
                    '00000000000000000000ffff'
                    || lower(lpad(hex(split_part(site, '.', 1)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(site, '.', 2)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(site, '.', 3)::bigint), 2, '0'))
                    || lower(lpad(hex(split_part(site, '.', 4)::bigint), 2, '0'))
        end as address
    from use
),

networks as (
    select
        first_address,
        last_address
    from registry.subnets
    union all
    select
        first_address,
        last_address
    from registry.egress
),

clear_requests as (
    select
        event_id,
        account,
        device,
        site,
        content_type like 'video/%' as is_video,
        epoch(start_time) as started,
        epoch(least(time, start_time + interval 5 minute)) as span_end
    from core.http_requests
    where
        event_date = $event_date::date
        and disposition = 'allowed'
        and method <> 'CONNECT'
        and (content_type = 'text/html' or content_type like 'video/%')
        and site in (select use.site from use)
),

clear_counts as (
    select
        account,
        device,
        site,
        count(*) as request_count
    from clear_requests
    group by account, device, site
),

sessions as (
    select
        account,
        device,
        epoch(start_time) as session_start,
        epoch(end_time) as session_end
    from core.presences
    where event_date = $event_date::date and state = 'live'
),

-- parts of a video that a person at the keyboard can have watched
parts as (
    select distinct
        clear_requests.event_id,
        clear_requests.account,
        clear_requests.device,
        clear_requests.site,
        clear_requests.started,
        clear_requests.span_end
    from clear_requests
    inner join use
        on
            clear_requests.account = use.account
            and clear_requests.device = use.device
            and clear_requests.site = use.site
    left join sessions
        on
            clear_requests.account = sessions.account
            and clear_requests.device = sessions.device
            and clear_requests.started >= sessions.session_start
            and clear_requests.started < sessions.session_end
    where
        clear_requests.is_video
        and (sessions.account is not null or not use.is_live_known)
),

-- three minutes without a part, and the video was left: as for visits
marked as (
    select
        *,
        coalesce(started - max(span_end) over earlier > 180, true) as starts_play
    from parts
    window
        earlier as (
            partition by account, device, site
            order by started, event_id
            rows between unbounded preceding and 1 preceding
        )
),

numbered as (
    select
        *,
        count_if(starts_play) over in_order as play_number
    from marked
    window
        in_order as (partition by account, device, site order by started, event_id)
),

timed as (
    select
        *,
        least(coalesce(lead(started) over in_play - started, 20), 180) as seconds
    from numbered
    window
        in_play as (
            partition by account, device, site, play_number
            order by started, event_id
        )
),

plays as (
    select
        account,
        device,
        site,
        sum(seconds) as seconds,
        list(
            struct_pack(
                began := started::double, ended := (started + seconds)::double
            )
        ) as spans,
        min(started) as first_start,
        max(started) + 20 as last_end,
        list(event_id) as evidence
    from timed
    group by account, device, site, play_number
),

played as (
    select
        account,
        device,
        site,
        max(seconds) as longest_seconds,
        sum(seconds) as total_seconds,
        flatten(list(spans)) as spans,
        to_timestamp(min(first_start)) as start_time,
        to_timestamp(max(last_end)) as end_time,
        flatten(list(evidence)) as evidence
    from plays
    group by account, device, site
),

judged as (
    select
        placed.account,
        placed.device,
        placed.site,
        placed.is_district_device,
        placed.attribution_grade,
        placed.is_live_known,
        placed.is_break_known,
        placed.on_duty_seconds,
        placed.visit_count,
        placed.largest_bytes,
        placed.embed_share,
        placed.served,
        placed.categories,
        case
            when played.total_seconds > placed.total_seconds then played.spans
            else placed.spans
        end as spans,
        least(placed.start_time, coalesce(played.start_time, placed.start_time))
            as start_time,
        greatest(placed.end_time, coalesce(played.end_time, placed.end_time))
            as end_time,
        greatest(placed.longest_seconds, coalesce(played.longest_seconds, 0))
            as longest_seconds,
        greatest(placed.total_seconds, coalesce(played.total_seconds, 0))
            as total_seconds,
        placed.evidence || coalesce(played.evidence, []::bigint[]) as evidence
    from placed
    inner join clear_counts
        on
            placed.account = clear_counts.account
            and placed.device = clear_counts.device
            and placed.site = clear_counts.site
    left join played
        on
            placed.account = played.account
            and placed.device = played.device
            and placed.site = played.site
    left join networks
        on placed.address between networks.first_address and networks.last_address
    where
        networks.first_address is null
        and clear_counts.request_count >= $requests
        and greatest(placed.longest_seconds, coalesce(played.longest_seconds, 0))
        >= $longest_seconds
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
            site, served, categories, 0, longest_seconds, total_seconds, spans,
            on_duty_seconds, visit_count, largest_bytes, embed_share, 1,
            is_district_device, attribution_grade, is_live_known
        ),
        is_break := ruled_out_if(bool_and(coalesce(is_break_known, false))),
        why_no_break := break_note(is_district_device, is_break_known)
    ) as details,
    $event_date::date as event_date
from judged
group by account
