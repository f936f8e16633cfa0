/* ---
title: Many visits to a site that is not on the list
summary: >
  A staff account returned to an external site of a known non-work kind again and
  again within a week, on several days, for a long time together. A visit counts from
  its first request to its last, so that a tab left open adds nothing. Days on which
  one stretch alone is long enough belong to the rule for sustained use.
code: NA-2
kind: non_approved_site
severity: low
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.33, cl.24, cl.29]
requires_fields: [whose_request, site_asked_for]
requires_registry: [users.csv|accounts.csv, approved_sites.csv]
grain: [subject, event_date]
lookback: 6
params:
  event_date: {type: date}
  total_seconds:
    type: int
    default: 1200
    min: 300
    max: 28800
    unit: seconds
    why: twenty minutes in a week of visits too short to count alone
  visits:
    type: int
    default: 5
    min: 2
    max: 100
    why: fewer visits are occasions
  days:
    type: int
    default: 2
    min: 1
    max: 7
    unit: days
    why: one day's visits may be one occasion
  sustained_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: a longer stretch is judged by the rule for sustained use
columns:
  measure: {type: double, is: seconds of all visits}
claim: >-
  Account {account} went to {sites:names} {visits} times on {days} days of one week, for
  about {total_seconds:duration} in all (estimate); no approval on the list covers this.
details:
  shared: site
  is_break: boolean
  why_no_break: varchar
  is_owner_away: boolean
  is_on_one_list: boolean
explanations:
  - category
  - embed
  - service
  - break
  - away
  - live
  - machine
  - approved
refuted_by:
  - an entry for the site on the approved list
  - a corrected category
false_positives:
  - The site serves this job and is not on the list yet.
  - A list puts the site in the wrong category.
triage: >
  Decide about the site first. If it serves the job, put it on the list; the
  finding is then withdrawn.
--- */
with

visited as (
    select *
    from core.site_evidence
    where
        event_date between $event_date::date - interval 6 day and $event_date::date
        and is_external
        and non_work_sources >= 1
        and is_page_read
        and longest_seconds < $sustained_seconds
        and (on_duty_seconds > 0 or is_district_device)
        and active_visits > 0
),

weeks as (
    select
        account,
        site,
        count(distinct event_date) as day_count,
        sum(active_visits) as visit_sum,
        clock_seconds(active_seconds, active_spans) as second_sum,
        max(event_date) as last_date
    from visited
    group by account, site
),

often as (
    select
        visited.*,
        weeks.day_count
    from visited
    inner join weeks
        on visited.account = weeks.account and visited.site = weeks.site
    where
        weeks.last_date = $event_date::date
        and weeks.day_count >= $days
        and weeks.visit_sum >= $visits
        and weeks.second_sum >= $total_seconds
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    clock_seconds(active_seconds, active_spans) as measure,
    devices_and_sites(device, site) as observables,
    sorted_set(flatten(list(active_evidence))) as evidence,
    struct_insert(
        site_facts(
            site, served, categories, non_work_sources, longest_seconds,
            active_seconds, active_spans, on_duty_seconds, active_visits,
            largest_bytes, embed_share, day_count,
            is_district_device, attribution_grade, is_live_known
        ),
        is_break := ruled_out_if(bool_and(coalesce(is_break_known, false))),
        why_no_break := break_note(is_district_device, is_break_known),
        is_owner_away := coalesce(bool_or(is_owner_away), false),
        is_on_one_list := is_on_one_list(
            min(non_work_sources),
            bool_and(is_well_known),
            max(day_count),
            round(clock_seconds(active_seconds, active_spans), 0)
        )
    ) as details,
    $event_date::date as event_date
from often
group by account
