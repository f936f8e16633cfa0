/* ---
summary: >
  Sites that staff read at length on a day and about which a rule has too little
  information: on no list at all and read for half an hour by one account, or classed as
  non-work by one list alone. They are not on the district's list. It names no one and
  is not a finding; a person decides about the site.
grain: [site, event_date]
params:
  event_date: {type: date}
  longest_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: on one list, what the rule for sustained use counts where two agree
  long_seconds:
    type: int
    default: 1800
    min: 300
    max: 28800
    unit: seconds
    why: on no list, anything may be work; what takes half an hour is worth a look
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not reading
columns:
  site: {type: varchar, is: registrable domain}
  account_count: {type: bigint, is: accounts that read it this long}
  minutes: {type: double, is: minutes in all}
  longest_minutes: {type: double, is: the longest visit}
  list_count: {type: bigint, is: 'lists that call it no work: 0 or 1'}
  categories: {type: varchar, is: what lists say of it; null where none does}
  event_date: date
--- */
with

read_at_length as (
    select
        site,
        account,
        categories,
        non_work_sources,
        longest_seconds,
        total_seconds
    from core.site_evidence
    where
        event_date = $event_date::date
        and is_external
        -- an approval that does not cover the account is a rule's
        and entry_id is null
        and is_page_read
        and request_count >= $requests
        and (
            (
                non_work_sources = 1
                and not coalesce(is_well_known, false)
                and longest_seconds >= $longest_seconds
            )
            or (categories is null and total_seconds >= $long_seconds)
        )
)

select
    site,
    count(distinct account) as account_count,
    round(sum(total_seconds) / 60, 1) as minutes,
    round(max(longest_seconds) / 60, 1) as longest_minutes,
    max(non_work_sources) as list_count,
    max(categories) as categories,
    $event_date::date as event_date
from read_at_length
group by site
