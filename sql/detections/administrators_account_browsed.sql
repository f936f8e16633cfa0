/* ---
title: An account for administration was used to browse
summary: >
  An account that the registry keeps for administration alone read pages of external
  sites. Such an account should do nothing else, so that a page cannot use its rights.
  The sites are not listed. A lead: it names no one in a report.
code: AN-17
kind: anomaly
severity: low
stage: trial
clauses: [cl.13c, cl.13b]
requires_fields: [whose_request, site_asked_for]
requires_registry: ['accounts.csv:is_admin']
grain: [subject, event_date]
params:
  event_date: {type: date}
  least_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: a page of help that is looked up stays under two minutes; this is twice that
columns:
  measure: {type: double, is: seconds}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  The administrator account {account} read pages of {sites:count external site}
  for about {total_seconds:duration} (estimate).
details:
  sites: int
  total_seconds: double
explanations:
  - name: Help with the work, looked up
    not_testable: what a page was read for is in no log
  - shared: glance
    by_design: only four minutes or more count
  - machine
refuted_by:
  - an entry for the sites on the approved list
  - a registry row that allows the account other work too
false_positives:
  - Manuals and downloads of a vendor whose site is not on the list.
triage: >
  Ask the office that looks after accounts whether the account is for administration
  alone. If so, agree on a second account for the browser.
--- */
with

kept as (
    select distinct account
    from registry.accounts
    where
        is_admin
        and $event_date::date
        between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

use as (
    select site_evidence.*
    from core.site_evidence
    inner join kept on site_evidence.account = kept.account
    where
        site_evidence.event_date = $event_date::date
        and site_evidence.is_external
        and site_evidence.is_page_read
),

browsed as (
    select
        account,
        min(start_time) as start_time,
        max(end_time) as end_time,
        clock_seconds(total_seconds, spans) as seconds,
        sorted_values(device) as devices,
        sorted_set(flatten(list(evidence))) as evidence,
        count(distinct site) as site_count
    from use
    group by account
)

select
    account as subject,
    start_time,
    end_time,
    seconds as measure,
    devices as observables,
    evidence,
    struct_pack(sites := site_count, total_seconds := seconds) as details,
    $event_date::date as event_date
from browsed
where seconds >= $least_seconds
