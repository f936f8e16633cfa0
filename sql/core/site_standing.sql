/* ---
summary: >
  What the list of sites and the lists of categories say of a site for an account
  on a day: the verdicts on the hosts that it asked for, brought to one. Approval of
  any of the hosts speaks for the site; a denial decides.
grain: [account, site, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: account}
  site: {type: varchar, is: registrable domain}
  verdict: {type: varchar, is: the strictest verdict on its hosts}
  entry_id: {type: varchar, is: entry of the list of sites that decided}
  categories: {type: varchar, is: what lists say of it}
  non_work_sources: {type: bigint, is: most lists agreeing on one non-work category}
  event_date: {type: date, is: local day}
--- */
with

verdicts as (
    select
        account,
        url_hostname,
        verdict,
        entry_id
    from core.site_verdicts
    where event_date = $event_date::date
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
    where site is not null
),

labels as (
    select
        url_hostname,
        array_to_string(sorted_values(category), ', ') as categories,
        max(case when is_non_work then source_count else 0 end) as non_work_sources
    from core.host_categories
    where event_date = $event_date::date
    group by url_hostname
),

strictness as (
    select
        verdict,
        case verdict
            when 'denied' then 1
            when 'approved' then 2
            when 'undecidable' then 3
            when 'approved_other_role' then 4
            when 'lapsed' then 5
            when 'not_yet' then 6
            else 7
        end as place
    from verdicts
    group by verdict
),

judged as (
    select
        verdicts.account,
        hosts.site,
        verdicts.verdict,
        verdicts.entry_id,
        strictness.place,
        labels.categories,
        labels.non_work_sources
    from verdicts
    inner join hosts on verdicts.url_hostname = hosts.url_hostname
    inner join strictness on verdicts.verdict = strictness.verdict
    left join labels on verdicts.url_hostname = labels.url_hostname
)

-- of two entries that say the same the first by its id is cited, in every build
select
    account,
    site,
    verdict,
    entry_id,
    max(categories) over of_site as categories,
    coalesce(max(non_work_sources) over of_site, 0) as non_work_sources,
    $event_date::date as event_date
from judged
window of_site as (partition by account, site)
qualify
    row_number() over (
        partition by account, site
        order by place, coalesce(entry_id, ''), verdict
    ) = 1
