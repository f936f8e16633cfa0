/* ---
summary: >
  Categories of a host on a day with requests for it: each category with the number
  of independent sources that agree. Sources are the registry's lists and, on lines
  of that day, the product itself. A category is never a verdict.
grain: [url_hostname, category, event_date]
params:
  event_date: {type: date}
columns:
  url_hostname: {type: varchar, is: host}
  category:
    type: varchar
    is: the policy's word for it where known, otherwise the product's
  source_count: {type: bigint, is: number of sources with this category}
  sources: {type: varchar, is: their names}
  is_well_known:
    type: boolean
    is: on the built-in list of well-known sites, and no other list differs
  is_non_work:
    type: boolean
    is: >-
      a kind of site that is seldom work; of games and file sharing, which lists often
      give to lessons and tools, and of a host that another list calls infrastructure,
      such as content delivery, only if two sources agree, the district's own file names
      the site, or it is well known
  is_sensitive: {type: boolean, is: sensitive; no rule on sites judges it}
  event_date: {type: date, is: local day}
--- */
with

lines as (
    select
        url_hostname,
        format,
        lower(trim(category)) as category
    from raw.http_requests
    where event_date = $event_date::date and url_hostname is not null
    group by url_hostname, format, lower(trim(category))
    union
    select
        dst_hostname as url_hostname,
        format,
        lower(trim(category)) as category
    from raw.connections
    where event_date = $event_date::date and dst_hostname is not null
    group by dst_hostname, format, lower(trim(category))
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
    where url_hostname in (select lines.url_hostname from lines)
),

categories as (
    select
        domain,
        category,
        source
    from registry.site_categories
),

words as (
    select
        word,
        min(category) as category
    from registry.category_words
    group by word
),

matched as (
    select
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
    union
    select
        lines.url_hostname,
        coalesce(words.category, lines.category) as category,
        lines.format as source
    from lines
    left join words on category_key(lines.category) = words.word
    where lines.category is not null and lines.category <> ''
)

select
    url_hostname,
    category,
    count(distinct source) as source_count,
    array_to_string(sorted_values(source), ', ') as sources,
    bool_or(starts_with(source, 'schoolbell-starter'))
    -- a vendor's helper controls a computer from elsewhere, too
    and category <> 'remote_access'
    and count(*) over (partition by url_hostname) = 1 as is_well_known,
    is_non_work_kind(category)
    and (
        (
            category not in ('games', 'file_sharing')
            -- pages load what a second list calls content delivery; a person may not
            -- have chosen it
            and not bool_or(category = 'infrastructure')
                over (partition by url_hostname)
        )
        or count(distinct source) >= 2
        or bool_or(source = 'district')
        or is_well_known
    ) as is_non_work,
    category in (
        select kinds.category
        from registry.sensitive_categories as kinds
        where not kinds.is_judged
    ) as is_sensitive,
    $event_date::date as event_date
from matched
group by url_hostname, category
