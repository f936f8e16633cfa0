/* ---
title: Another site of a category that was just refused
summary: >
  The filter refused several requests of a staff account to sites of one non-work
  kind, some seconds apart, and a sustained visit to another site of the same kind
  began within half an hour. Refusals alone show nothing: advertisements are refused
  too, all of a page together. One list is enough for the other site if the refused
  pages were asked for by themselves, and lists seldom give their kind to lessons:
  betting, dating, adult sites, ways around the filter.
code: NA-6
kind: non_approved_site
severity: medium
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.24, cl.33]
requires_fields: [whose_request, site_asked_for, http_requests.disposition]
requires_registry: [users.csv|accounts.csv, site_categories.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  refusals:
    type: int
    default: 3
    min: 2
    max: 50
    why: one or two may be a page's advertisements
  minutes:
    type: int
    default: 30
    min: 5
    max: 240
    unit: minutes
    why: later use has its own reasons
  apart_seconds:
    type: int
    default: 5
    min: 1
    max: 60
    unit: seconds
    why: refusals closer together are one page's
  timer_seconds:
    type: double
    default: 1
    min: 0
    max: 60
    unit: seconds
    why: what is refused is answered immediately, so a timer is exact to the second
  longest_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: >-
      twice a glance; the refusals just before show intent, which use alone must show
      by its length
  long_seconds:
    type: int
    default: 1800
    min: 60
    max: 28800
    unit: seconds
    why: with one list alone, as long as this in a day
columns:
  measure: {type: double, is: seconds of the longest stretch}
claim: >-
  Account {account} used {sites:names} for about {longest_seconds:duration} (estimate),
  after the filter had refused {refusals} requests to sites of that kind.
details:
  shared: site
  refusals: int
  is_advertisement: boolean
  is_on_one_list: boolean
  is_sought: boolean
explanations:
  - name: Refusals of an advertisement on another page
    test: is_advertisement
    says: '{refusals} refusals some seconds apart; the later stretch is sustained'
  - shared: category
    ruled_out: >-
      [{!is_sought?}classified as non-work by two lists, or by the list of well-known
      sites][{is_sought?}one list classifies it as {categories:names}, and pages of
      another site of that kind were asked for by themselves just before]
  - embed
  - service
  - glance
  - live
  - machine
  - approved
refuted_by:
  - an entry for the site on the approved list
  - a corrected category
false_positives:
  - The refused requests were an advertisement's, and the later use was work.
triage: >
  Decide about the site first. Do not question anyone yourself.
--- */
with

use as (
    select *
    from core.site_evidence
    where
        event_date = $event_date::date
        and is_external
        and categories is not null
        and is_page_read
        and longest_seconds >= $longest_seconds
),

-- the intervals themselves: one glance at the right time does not extend to a later
-- hour
visits as (
    select
        site_visits.account,
        site_visits.device,
        site_visits.site,
        site_visits.start_time,
        site_visits.end_time,
        site_visits.active_seconds,
        site_visits.evidence,
        site_visits.spans
    from core.site_visits
    inner join use
        on
            site_visits.account = use.account
            and site_visits.device = use.device
            and site_visits.site = use.site
    where
        site_visits.event_date = $event_date::date
        and site_visits.active_seconds >= $longest_seconds
        and site_visits.request_count >= 3
        and coalesce(site_visits.largest_bytes, 0) >= use.page_bytes
        and not is_embedded(site_visits.followed_count / site_visits.request_count)
),

blocked as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.start_time,
        requests.site,
        categories.category,
        epoch(requests.start_time) - epoch(lag(requests.start_time) over in_order)
            as gap,
        coalesce(gap > $apart_seconds, true) as is_apart,
        categories.category in ('gambling', 'dating', 'adult', 'circumvention')
            as is_of_no_lesson
    from core.http_requests as requests
    inner join core.host_categories as categories
        on requests.url_hostname = categories.url_hostname
    where
        requests.event_date = $event_date::date
        and categories.event_date = $event_date::date
        and requests.disposition = 'blocked'
        and requests.method is distinct from 'LOOKUP'
        and requests.attribution_grade = 'A'
        and is_non_work_kind(categories.category)
    window
        in_order as (
            partition by requests.account, requests.device, categories.category
            order by requests.start_time, requests.event_id
        )
),

-- what another page embeds follows it within seconds
on_pages as (
    select distinct blocked.event_id
    from blocked
    inner join core.http_requests as pages
        on
            blocked.account = pages.account
            and blocked.device = pages.device
            and blocked.site <> pages.site
            and pages.start_time
            between blocked.start_time - to_seconds($apart_seconds)
            and blocked.start_time
    where
        blocked.is_of_no_lesson
        and pages.event_date = $event_date::date
        and pages.disposition = 'allowed'
),

refused as (
    select
        blocked.*,
        blocked.is_of_no_lesson and on_pages.event_id is null as is_sought
    from blocked
    left join on_pages on blocked.event_id = on_pages.event_id
),

before as (
    select
        visits.account,
        visits.device,
        visits.site,
        visits.start_time,
        refused.category,
        count_if(refused.is_apart) as refusal_count,
        count_if(refused.is_apart and refused.is_sought) >= $refusals
        -- an advertisement that is loaded again and again has a timer
        and not is_timed(
            list(refused.gap) filter (
                where refused.is_sought and refused.gap > $apart_seconds
            ),
            $timer_seconds
        ) as is_sought,
        min(refused.start_time) as first_refusal,
        list(refused.event_id) as refusals
    from visits
    inner join use
        on
            visits.account = use.account
            and visits.device = use.device
            and visits.site = use.site
    inner join refused
        on
            visits.account = refused.account
            and visits.device = refused.device
            -- refusals of the site itself belong to its pages
            and visits.site <> refused.site
            and refused.start_time < visits.start_time
            and refused.start_time
            >= visits.start_time - interval 1 minute * $minutes
            and list_contains(string_split(use.categories, ', '), refused.category)
    group by
        visits.account,
        visits.device,
        visits.site,
        visits.start_time,
        refused.category
    having count_if(refused.is_apart) >= $refusals
    qualify
        row_number() over (
            partition by
                visits.account,
                visits.device,
                visits.site,
                visits.start_time
            order by count_if(refused.is_apart) desc, refused.category
        ) = 1
),

after as (
    select
        use.* exclude (start_time, end_time, active_seconds, evidence, spans),
        before.refusal_count,
        coalesce(before.is_sought, false)
        and use.non_work_sources = 1
        and not coalesce(use.is_well_known, false) as is_sought,
        before.first_refusal as start_time,
        visits.end_time,
        visits.active_seconds,
        visits.spans,
        visits.evidence
        || before.refusals
        || coalesce(use.attribution_evidence, []::bigint[]) as evidence
    from before
    inner join use
        on
            before.account = use.account
            and before.device = use.device
            and before.site = use.site
    inner join visits
        on
            before.account = visits.account
            and before.device = visits.device
            and before.site = visits.site
            and before.start_time = visits.start_time
    where
        use.non_work_sources >= 2
        or use.is_well_known
        or use.total_seconds >= $long_seconds
        or (use.non_work_sources >= 1 and before.is_sought)
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(active_seconds) as measure,
    devices_and_sites(device, site) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        sites := sorted_values(site),
        served := coalesce(sorted_set(flatten(list(served))), []::varchar[]),
        categories := sorted_values(categories),
        list_count := min(non_work_sources),
        longest_seconds := round(max(active_seconds), 0),
        total_seconds := round(clock_seconds(active_seconds, spans), 0),
        on_duty_seconds := round(max(on_duty_seconds), 0),
        visits := count(*),
        largest_bytes := max(largest_bytes),
        embed_share := round(max(embed_share), 2),
        days := 1,
        is_district_device := bool_and(is_district_device),
        attribution_grade := max(attribution_grade),
        refusals := max(refusal_count),
        -- whatever the least count of refusals is set to
        is_advertisement := max(refusal_count) < 2,
        is_sought := bool_and(is_sought),
        is_on_one_list := case
            when bool_and(is_sought) then false
            else is_on_one_list(
                min(non_work_sources) filter (where not is_sought),
                bool_and(is_well_known) filter (where not is_sought),
                1,
                round(clock_seconds(active_seconds, spans), 0)
            )
        end,
        is_embedded := is_embedded(round(max(embed_share), 2)),
        is_left_open := ruled_out_if(bool_and(is_live_known))
    ) as details,
    $event_date::date as event_date
from after
group by account
