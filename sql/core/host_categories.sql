/* ---
summary: >
  Categories of a host on a day with requests for it: each category with the number
  of independent lists that agree. Lists are the registry's and, on lines of that day,
  the product's own. A list is counted by its author: the export of a filter in the
  registry and the category in that filter's lines are one. A category is never a
  verdict.
grain: [url_hostname, category, event_date]
params:
  event_date: {type: date}
  filter_names:
    type: varchar
    default: '((web|content|url|dns)_?)?(filter|proxy|firewall)(_.*)?'
    why: what a registry calls the export of the filter whose lines arrive
columns:
  url_hostname: {type: varchar, is: host}
  category:
    type: varchar
    is: the policy's word for it where known, otherwise the product's
  source_count: {type: bigint, is: lists by different authors with this category}
  sources: {type: varchar, is: their names}
  is_well_known:
    type: boolean
    is: on the built-in list of well-known sites, and no other list differs
  is_non_work:
    type: boolean
    is: >-
      a kind of site that is seldom work; of games and file sharing, which lists often
      give to lessons and tools, and of a host that another list calls infrastructure,
      such as content delivery, or of streaming that another list calls music, only if
      two lists agree, the district's own file names the site, or it is well known
  is_doubtful:
    type: boolean
    is: games or file sharing by one list alone; another kind of fact must show it
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
    union
    select
        query_name as url_hostname,
        format,
        lower(trim(category)) as category
    from raw.dns_queries
    where
        event_date = $event_date::date
        and query_name is not null
        and coalesce(src_hostname, user_name) is not null
    group by query_name, format, lower(trim(category))
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
        categories.source,
        regexp_replace(lower(trim(categories.source)), '[^a-z0-9]+', '_', 'g')
            as author
    from hosts
    inner join categories on hosts.site = categories.domain
    union
    select
        hosts.url_hostname,
        categories.category,
        categories.source,
        regexp_replace(lower(trim(categories.source)), '[^a-z0-9]+', '_', 'g')
            as author
    from hosts
    inner join categories on hosts.url_hostname = categories.domain
    union
    select
        lines.url_hostname,
        coalesce(words.category, lines.category) as category,
        lines.format as source,
        split_part(lines.format, '_', 1) as author
    from lines
    left join words on category_key(lines.category) = words.word
    where lines.category is not null and lines.category <> ''
),

products as (
    select distinct split_part(format, '_', 1) as product
    from lines
),

-- an export of a product in the registry is the list that its lines have. One that is
-- only called that of the filter counts where no line has the category
authored as (
    select
        matched.* replace (
            case
                when products.product is not null then products.product
                when not regexp_full_match(matched.author, $filter_names)
                    then matched.author
                when
                    not bool_or(products.product is not null) over (
                        partition by matched.url_hostname, matched.category
                    )
                    then 'filter'
            end as author
        )
    from matched
    left join products on split_part(matched.author, '_', 1) = products.product
),

counted as (
    select
        url_hostname,
        category,
        count(distinct author) as source_count,
        array_to_string(sorted_values(source), ', ') as sources,
        bool_or(starts_with(source, 'schoolbell-starter')) as is_starters,
        bool_or(source = 'district') as is_districts,
        count(*) over (partition by url_hostname) as category_count,
        bool_or(category = 'infrastructure') over (partition by url_hostname)
            as is_infrastructure,
        bool_or(category = 'music') over (partition by url_hostname) as is_music
    from authored
    group by url_hostname, category
),

weighed as (
    select
        *,
        -- a vendor's helper controls a computer from elsewhere, too
        is_starters and category <> 'remote_access' and category_count = 1
            as is_well_known
    from counted
)

select
    url_hostname,
    category,
    source_count,
    sources,
    is_well_known,
    is_non_work_kind(category)
    and (
        (
            category not in ('games', 'file_sharing')
            -- pages load what a second list calls content delivery; a person may not
            -- have chosen it
            and not is_infrastructure
            -- a player that goes on during work is music, whatever one list calls it
            and not (category = 'streaming' and is_music)
        )
        or source_count >= 2
        or is_districts
        or is_well_known
    ) as is_non_work,
    category in ('games', 'file_sharing')
    and source_count = 1
    and not is_districts
    and not is_well_known
    and not is_infrastructure as is_doubtful,
    category in (
        select kinds.category
        from registry.sensitive_categories as kinds
        where not kinds.is_judged
    ) as is_sensitive,
    $event_date::date as event_date
from weighed
