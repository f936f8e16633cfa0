/* ---
summary: >
  What lists say of a host: each category with the number of independent lists
  that agree. A category is never a verdict.
grain: [url_hostname, category]
columns:
  url_hostname: {type: varchar, is: host}
  category: {type: varchar, is: category}
  source_count: {type: bigint, is: lists that say so}
  sources: {type: varchar, is: their names}
  is_non_work: {type: boolean, is: a kind of site that is seldom work}
--- */
with

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
),

categories as (
    select
        domain,
        category,
        source
    from registry.site_categories
),

matched as (
    select distinct
        hosts.url_hostname,
        categories.category,
        categories.source
    from hosts
    inner join categories on hosts.site = categories.domain
    union
    select
        hosts.url_hostname,
        categories.category,
        categories.source
    from hosts
    inner join categories on hosts.url_hostname = categories.domain
)

select
    url_hostname,
    category,
    count(distinct source) as source_count,
    array_to_string(list_sort(list_distinct(list(source))), ', ') as sources,
    category in (
        'social', 'shopping', 'streaming', 'sports', 'gambling', 'jobs', 'dating',
        'games', 'adult', 'real_estate', 'file_sharing', 'circumvention'
    ) as is_non_work
from matched
group by url_hostname, category
