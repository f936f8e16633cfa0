/* ---
summary: >
  The use of sites that a rule may judge: by a staff account that a login or a live
  keyboard names, with somebody at the keyboard where the device tells, not on a
  private phone. Each row says whether the site was read rather than embedded. The
  rules add only their own conditions.
grain: [account, device, site, event_date]
params:
  event_date: {type: date}
  page_bytes:
    type: int
    default: 45000
    min: 1000
    max: 10000000
    unit: bytes
    why: separates a page from a feed that another page embeds
  pages:
    type: int
    default: 3
    min: 1
    max: 100
    why: some pages are small; several documents are reading all the same
  embed_share:
    type: double
    default: 0.7
    min: 0.1
    max: 1
    why: mostly asked for within seconds of another site's page
  live_share:
    type: double
    default: 0.5
    min: 0
    max: 1
    why: with a logon log, nobody at the keyboard is nobody reading
columns:
  account: {type: varchar, pii: direct, is: account}
  device: {type: varchar, pii: indirect, is: device}
  is_district_device: {type: boolean, is: district property}
  site: {type: varchar, is: registrable domain}
  verdict: {type: varchar, is: the strictest verdict on its hosts}
  is_external: {type: boolean, is: 'no entry of the list of sites speaks for it'}
  entry_id: {type: varchar, is: entry of the list of sites that decided}
  attribution_grade: {type: varchar, is: A or C}
  is_live_known: {type: boolean, is: the device's logons show a live keyboard}
  start_time: {type: timestamptz, is: first request}
  end_time: {type: timestamptz, is: 20 s after the last request}
  longest_seconds: {type: double, is: longest visit}
  total_seconds: {type: double, is: all visits}
  on_duty_seconds: {type: double, is: 'of it inside duty, at least'}
  visit_count: {type: bigint, is: visits}
  request_count: {type: bigint, is: engaged requests}
  largest_bytes: {type: bigint, is: the largest single response}
  embed_share: {type: double, is: share of requests right after another site's}
  is_page_read: {type: boolean, is: a page came and it is not mostly an embed}
  categories: {type: varchar, is: what lists say of it}
  non_work_sources: {type: bigint, is: most lists agreeing on one non-work category}
  evidence: {type: 'bigint[]', is: 'the requests, and what says whose they are'}
  attribution_evidence: {type: 'bigint[]', is: the leases and logons among them}
  event_date: {type: date, is: local day}
--- */
with

use as (
    select
        account,
        device,
        is_district_device,
        site,
        verdict,
        entry_id,
        attribution_grade,
        start_time,
        end_time,
        longest_seconds,
        total_seconds,
        on_duty_seconds,
        visit_count,
        request_count,
        page_count,
        largest_bytes,
        embed_share,
        has_seat_log,
        categories,
        non_work_sources,
        evidence,
        attribution_evidence,
        event_date
    from core.site_use
    where
        event_date = $event_date::date
        and is_staff
        and device_class is distinct from 'phone_byod'
        -- that a device is assigned to somebody does not say who used it
        and attribution_grade in ('A', 'C')
        and (live_share >= $live_share or not has_seat_log)
)

select
    account,
    device,
    coalesce(is_district_device, false) as is_district_device,
    site,
    verdict,
    verdict in ('external', 'denied') as is_external,
    entry_id,
    attribution_grade,
    coalesce(has_seat_log, false) as is_live_known,
    start_time,
    end_time,
    longest_seconds,
    total_seconds,
    on_duty_seconds,
    visit_count,
    request_count,
    largest_bytes,
    embed_share,
    (largest_bytes >= $page_bytes or page_count >= $pages)
    and not (embed_share >= $embed_share and largest_bytes < $page_bytes)
        as is_page_read,
    categories,
    non_work_sources,
    list_sort(
        list_distinct(evidence || coalesce(attribution_evidence, []::bigint[]))
    ) as evidence,
    attribution_evidence,
    event_date
from use
