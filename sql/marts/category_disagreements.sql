/* ---
summary: >
  Sites of a day whose category the lists and products disagree on: no category is
  common to all sources that name one. A fact for the person who decides about sites;
  rules that rely on a category require two sources that agree.
grain: [site, event_date]
params:
  event_date: {type: date}
columns:
  site: {type: varchar, is: registrable domain}
  said: {type: varchar, is: 'each category and its source'}
  source_count: {type: bigint, is: sources that name a category}
  is_work_disputed: {type: boolean, is: 'one is seldom work, another is not'}
  host_count: {type: bigint, is: hosts of the site that are disputed}
  event_date: date
--- */
with

labels as (
    select *
    from core.host_categories
    where event_date = $event_date::date
),

disputed as (
    select
        url_hostname,
        len(list_distinct(flatten(list(string_split(sources, ', '))))) as source_count,
        bool_or(is_non_work_kind(category))
        and not bool_and(is_non_work_kind(category)) as is_work_disputed
    from labels
    group by url_hostname
    having
        max(labels.source_count)
        < len(list_distinct(flatten(list(string_split(sources, ', ')))))
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
    where site is not null
),

named as (
    select
        hosts.site,
        labels.category,
        sorted_set(flatten(list(string_split(labels.sources, ', ')))) as sources
    from labels
    inner join disputed on labels.url_hostname = disputed.url_hostname
    inner join hosts on labels.url_hostname = hosts.url_hostname
    group by hosts.site, labels.category
),

said as (
    select
        site,
        array_to_string(
            list_sort(list(category || ': ' || array_to_string(sources, ', '))), '; '
        ) as said
    from named
    group by site
),

counted as (
    select
        hosts.site,
        max(disputed.source_count)::bigint as source_count,
        bool_or(disputed.is_work_disputed) as is_work_disputed,
        count(*) as host_count
    from disputed
    inner join hosts on disputed.url_hostname = hosts.url_hostname
    group by hosts.site
)

select
    counted.site,
    said.said,
    counted.source_count,
    counted.is_work_disputed,
    counted.host_count,
    $event_date::date as event_date
from counted
inner join said on counted.site = said.site
