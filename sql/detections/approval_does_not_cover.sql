/* ---
title: Sustained use of a site whose approval does not cover it
summary: >
  A staff account used a site whose approval on the district's list ended lately, or one
  of a known non-work kind that is approved for other roles, or a work system of other
  roles. An entry for others alone accuses no one: what would be a finding without it is
  one, and use of a work system that the entry reserves. The remedy is mostly to renew
  or widen the entry.
code: NA-4
kind: non_approved_site
severity: low
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.24, cl.29, cl.33]
requires_fields: [whose_request, site_asked_for]
requires_registry: [users.csv|accounts.csv, approved_sites.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: as for sites that are not on the list
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not use
  long_seconds:
    type: int
    default: 1800
    min: 300
    max: 28800
    unit: seconds
    why: use this long in a day replaces a second list
  link_seconds:
    type: int
    default: 600
    min: 240
    max: 7200
    unit: seconds
    why: >-
      colleagues who may use the site send links to it; on duty, this long in a day or a
      second day is use
columns:
  measure: {type: double, is: seconds of the longest stretch}
claim: >-
  Account {account} used {sites:names} for about {longest_seconds:duration} (estimate);
  the approval on the list does not cover this day or role.
details:
  shared: site
  is_break: boolean
  why_no_break: varchar
  is_owner_away: boolean
  verdicts: varchar[]
  is_on_one_list: boolean
explanations:
  - shared: category
    ruled_out: >-
      classified as non-work by two lists, or by the list of well-known sites, or the
      district's own approval ended lately, or the district's list has it as a work
      system of other roles
  - name: An approval that covers this day and role
    by_design: >-
      the list of sites has, for this day and role: {verdicts:words}
  - embed
  - service
  - glance
  - break
  - away
  - live
  - machine
  - approved
refuted_by:
  - an entry that is renewed or widened to the role
false_positives:
  - The renewal was agreed and the list not changed.
triage: >
  Renew or widen the entry of the list of sites, or say why not; a renewed entry
  withdraws the finding.
--- */
with

use as (
    select *
    from core.site_evidence
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and verdict in ('lapsed', 'approved_other_role')
        and (verdict = 'lapsed' or non_work_sources >= 1 or is_work_system)
        and is_page_read
        and longest_seconds >= $longest_seconds
        and request_count >= $requests
        and (on_duty_seconds >= $longest_seconds or is_district_device)
        -- what a podium shows is shown to a room, as a lesson's film is
        and (verdict = 'lapsed' or device_class is distinct from 'podium')
),

days as (
    select
        account,
        site,
        count(distinct event_date) as day_count
    from use
    group by account, site
),

counted as (
    select
        use.*,
        days.day_count
    from use
    inner join days on use.account = days.account and use.site = days.site
    where
        use.event_date = $event_date::date
        and (
            use.verdict = 'lapsed'
            or use.on_duty_seconds = 0
            or use.total_seconds >= $link_seconds
            or days.day_count >= 2
        )
        and (
            use.verdict = 'lapsed'
            or use.is_work_system
            or use.non_work_sources >= 2
            or use.is_well_known
            or days.day_count >= 2
            or use.total_seconds >= $long_seconds
        )
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
            site, served, categories, non_work_sources, longest_seconds,
            total_seconds, spans,
            on_duty_seconds, visit_count, largest_bytes, embed_share, day_count,
            is_district_device, attribution_grade, is_live_known
        ),
        is_break := ruled_out_if(bool_and(coalesce(is_break_known, false))),
        why_no_break := break_note(is_district_device, is_break_known),
        is_owner_away := coalesce(bool_or(is_owner_away), false),
        verdicts := sorted_values(verdict),
        -- an approval that was withdrawn needs no list
        is_on_one_list := case
            when bool_and(verdict = 'lapsed' or is_work_system) then false
            else is_on_one_list(
                min(non_work_sources) filter (
                    where verdict <> 'lapsed' and not is_work_system
                ),
                bool_and(is_well_known) filter (
                    where verdict <> 'lapsed' and not is_work_system
                ),
                max(day_count),
                round(clock_seconds(total_seconds, spans), 0)
            )
        end
    ) as details,
    $event_date::date as event_date
from counted
group by account
