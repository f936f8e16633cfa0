/* ---
title: Requests to a site at a person's pace, in a log without sizes
summary: >
  A staff account requested a site of a known non-work kind, or one that the district's
  list denies or approves on other days or for other roles only, for minutes on end,
  unevenly, among other sites or with the account's keyboard in use all the time, and
  more often than devices do automatically; the log has neither sizes nor content
  types, or has only the names that an agent looked up, of several hosts of the site. It
  is unknown whether a page was read, so it is a lead for the analyst and names no one
  in a report.
code: NA-L
kind: non_approved_site
severity: informational
stage: trial
base_confidence: C1
clauses: [cl.33, cl.24]
requires_fields: [whose_request, site_asked_for]
requires_registry: [users.csv|accounts.csv, approved_sites.csv, site_categories.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  family_hosts:
    type: int
    default: 2
    min: 1
    max: 20
    why: >-
      an embedded part looks one name up; a page that a person opens needs several hosts
      of its site
  least_seconds:
    type: int
    default: 480
    min: 60
    max: 7200
    unit: seconds
    why: >-
      twice the time that counts where the log shows a page; the log has no sizes for
      embedded content either
  requests:
    type: int
    default: 8
    min: 3
    max: 1000
    why: one per minute over that time; a page and its parts make a handful
  embed_share:
    type: double
    default: 0.5
    min: 0.1
    max: 1
    why: >-
      stricter than where pages are seen: half of the requests within seconds of
      another site's are that page's
  gap_spread:
    type: double
    default: 0.2
    min: 0
    max: 1
    why: >-
      a timer's gaps vary by a few percent of their median, a person's by half; stamps
      that are cut to seconds blur short gaps
columns:
  measure: {type: double, is: seconds of the longest visit}
claim:
  - when: [is_looked_up]
    says: >-
      The agent on the device of account {account} looked up {host_count:count host} of
      {sites:names}, {requests:count time} in its longest run of
      {longest_seconds:duration}[{is_among_others?}, among {around_count:count other
      site}]; a look-up does not show that a page was read.
  - says: >-
      Account {account} requested {sites:names}, {requests:count time} in its longest
      run of {longest_seconds:duration}[{is_among_others?}, among {around_count:count
      other site}]; the log has neither sizes nor content types.
details:
  sites: varchar[]
  categories: varchar[]
  list_count: int
  verdicts: varchar[]
  requests: int
  longest_seconds: double
  around_count: int
  is_among_others: boolean
  host_count: int
  embed_share: double
  gap_spread: double
  is_looked_up: boolean
  is_habit_known: boolean
explanations:
  - name: A page that was left open, or content that another page embeds
    not_testable: >-
      the log has neither sizes nor content types; at most {embed_share:percent} of
      the requests followed another site's within seconds
  - name: A session left open while its user went elsewhere
    by_design: >-
      other sites were asked for meanwhile, or a logon or unlock with no lock since
      shows a person at the keyboard
  - machine
  - name: An approval that covers this day and role
    by_design: >-
      sites that the list approves for this account are left out[{verdicts?}; for this
      day and role the list has: {verdicts:words}]
refuted_by:
  - a log with bytes or content types
  - an entry for the site on the approved list, renewed or widened to the role
  - a corrected category
false_positives:
  - A page with a feed of that site in it, open alongside the day's work.
triage: >
  No action for this lead alone. Have the firewall log its sessions at their end, with
  bytes; then the rules on sites can judge.
--- */
with

visits as (
    select *
    from core.unsized_use
    where
        event_date = $event_date::date
        and seconds >= $least_seconds
        and request_count >= $requests
        and embed_share < $embed_share
        and gap_spread >= $gap_spread
        -- a tab that is left open goes on alone, at a locked screen too
        and (around_count >= 1 or live_share = 1)
        and coalesce(in_ten_minutes > alone_in_ten_minutes, true)
        and (not coalesce(is_looked_up, false) or host_count >= $family_hosts)
),

-- of a device that is not the district's, its time alone is touched
on_duty as (
    select distinct
        visits.account,
        visits.device,
        visits.start_time
    from visits
    inner join identity.accounts as accounts on visits.account = accounts.account
    inner join core.duty as duty on accounts.person_id = duty.person_id
    where
        accounts.event_date = $event_date::date
        and duty.event_date = $event_date::date
        and duty.start_time < visits.end_time
        and duty.end_time > visits.start_time
),

found as (
    select
        visits.*,
        standing.verdict,
        coalesce(sites.categories, standing.categories) as categories,
        sites.list_count
    from visits
    left join core.site_standing as standing
        on
            visits.account = standing.account
            and visits.site = standing.site
            and standing.event_date = $event_date::date
            and (
                standing.verdict in ('denied', 'lapsed')
                -- an entry for others shows nothing about a site of work
                or (
                    standing.verdict = 'approved_other_role'
                    and standing.non_work_sources >= 1
                )
            )
            and not standing.is_sensitive
    left join core.unlisted_leisure as sites on visits.site = sites.site
    left join on_duty
        on
            visits.account = on_duty.account
            and visits.device = on_duty.device
            and visits.start_time = on_duty.start_time
    where
        (standing.site is not null or sites.site is not null)
        and (visits.is_district_device or on_duty.account is not null)
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(seconds) as measure,
    devices_and_sites(device, site) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_pack(
        sites := sorted_values(site),
        categories := sorted_values(categories),
        list_count := min(list_count),
        verdicts := sorted_values(verdict),
        requests := arg_max(request_count, seconds),
        longest_seconds := max(seconds),
        around_count := arg_max(around_count, seconds),
        is_among_others := arg_max(around_count, seconds) >= 1,
        host_count := arg_max(host_count, seconds),
        embed_share := round(max(embed_share), 2),
        gap_spread := round(min(gap_spread), 2),
        is_looked_up := bool_or(is_looked_up),
        is_habit_known := bool_and(alone_in_ten_minutes is not null)
    ) as details,
    $event_date::date as event_date
from found
group by account
