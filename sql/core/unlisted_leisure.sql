/* ---
kind: ephemeral
summary: >
  Sites that lists of categories call non-work and for which the district's list of
  sites has no valid entry, for any role. Rules for logs without sizes read it: there,
  the list's decision on one host of a site may apply to all. There are none while the
  list is empty, since nothing is off it.
grain: [site, event_date]
params:
  event_date: {type: date}
columns:
  site: {type: varchar, is: registrable domain}
  categories: {type: varchar, is: what lists of categories call it}
  list_count: {type: bigint, is: most lists agreeing on one non-work category}
  event_date: date
--- */
with

approved as (
    select distinct hosts.site
    from core.approved_hosts as listed
    inner join identity.hosts as hosts on listed.host = hosts.url_hostname
    union
    select listed.host from core.approved_hosts as listed
)

select
    hosts.site,
    array_to_string(sorted_values(categories.category), ', ') as categories,
    max(categories.source_count) filter (where categories.is_non_work) as list_count,
    $event_date::date as event_date
from core.host_categories as categories
inner join identity.hosts as hosts
    on categories.url_hostname = hosts.url_hostname
left join approved on hosts.site = approved.site
where
    categories.event_date = $event_date::date
    and approved.site is null
    and exists (select 1 from core.approved_hosts)
group by hosts.site
having
    bool_or(categories.is_non_work)
    and not coalesce(bool_or(categories.is_sensitive), false)
