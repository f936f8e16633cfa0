/* ---
summary: >
  Each host seen whose registrable domain resembles another: a site on the district's
  list, or one where people sign in. Either the names look the same although their
  letters differ, or one letter is added, missing or different. A name that any list
  contains is genuine, so two similar genuine names do not count. A row shows what could
  be confused, not that anyone intended it; the visitor may have been misled.
grain: [host]
params:
  shortest_alike:
    type: int
    default: 5
    min: 3
    max: 20
    unit: letters
    why: shorter names look like each other by chance
  shortest_near:
    type: int
    default: 8
    min: 6
    max: 30
    unit: letters
    why: >-
      among real sites a name of 6 or 7 letters often has a neighbor one letter
      away; from 8 on it hardly ever has
columns:
  host: {type: varchar, is: host asked for}
  registrable_domain: {type: varchar, is: its registrable domain}
  unicode_hostname: {type: varchar, is: 'its own letters, where international'}
  resembles: {type: varchar, is: registrable domain that it can be taken for}
  resembles_list: {type: varchar, is: 'approved_sites, district or login_hosts'}
  how: {type: varchar, is: 'looks_the_same or one_letter'}
--- */
with

hosts as (
    select
        url_hostname,
        site,
        unicode_hostname,
        site_label,
        site_skeleton,
        background_kind,
        substring(site, position('.' in site)) as suffix
    from identity.hosts
    where site_label is not null
),

entries as (
    select
        match,
        split_part(pattern, '/', 1) as host
    from registry.approved_sites
),

logins as (
    select
        host,
        source
    from registry.login_hosts
),

categories as (
    select domain
    from registry.site_categories
),

background as (
    select host
    from registry.background_hosts
),

known as (
    select entries.host from entries
    union
    select logins.host from logins
    union
    select categories.domain from categories
    union
    select background.host from background
),

known_sites as (
    select distinct hosts.site
    from hosts
    inner join known on hosts.url_hostname = known.host or hosts.site = known.host
),

named as (
    select
        host,
        'approved_sites' as list
    from entries
    where match <> 'deny'
    union all
    select
        host,
        case source when 'district' then 'district' else 'login_hosts' end as list
    from logins
),

originals as (
    select
        hosts.site,
        hosts.site_label,
        hosts.site_skeleton,
        hosts.suffix,
        -- in the order of their names the district's own words come first
        min(named.list) as list
    from named
    inner join hosts on named.host = hosts.url_hostname
    group by hosts.site, hosts.site_label, hosts.site_skeleton, hosts.suffix
),

others as (
    select distinct
        hosts.site,
        hosts.site_label,
        hosts.site_skeleton,
        hosts.suffix
    from hosts
    left join known_sites on hosts.site = known_sites.site
    where known_sites.site is null and hosts.background_kind is null
),

alike as (
    select
        others.site,
        originals.site as resembles,
        originals.list,
        'looks_the_same' as how
    from others
    inner join originals on others.site_skeleton = originals.site_skeleton
    where
        others.site_label <> originals.site_label
        and length(originals.site_label) >= $shortest_alike
),

-- one change leaves the first three letters or the last three unchanged
neighbors as (
    select
        others.site,
        others.site_label,
        originals.site as resembles,
        originals.site_label as original_label,
        originals.list
    from others
    inner join originals
        on
            others.suffix = originals.suffix
            and left(others.site_label, 3) = left(originals.site_label, 3)
    union
    select
        others.site,
        others.site_label,
        originals.site as resembles,
        originals.site_label as original_label,
        originals.list
    from others
    inner join originals
        on
            others.suffix = originals.suffix
            and right(others.site_label, 3) = right(originals.site_label, 3)
),

near as (
    select
        site,
        resembles,
        list,
        'one_letter' as how
    from neighbors
    where
        length(original_label) >= $shortest_near
        and levenshtein(site_label, original_label) = 1
        -- plurals, and names that differ in a number, are separate names
        and site_label <> original_label || 's'
        and original_label <> site_label || 's'
        and regexp_replace(site_label, '[0-9]', '', 'g')
        <> regexp_replace(original_label, '[0-9]', '', 'g')
),

found as (
    select
        site,
        resembles,
        list,
        how
    from alike
    union all
    select
        site,
        resembles,
        list,
        how
    from near
),

chosen as (
    select
        site,
        resembles,
        list,
        how
    from found
    qualify
        row_number() over (
            partition by site
            order by how, list, resembles
        ) = 1
)

select
    hosts.url_hostname as host,
    hosts.site as registrable_domain,
    hosts.unicode_hostname,
    chosen.resembles,
    chosen.list as resembles_list,
    chosen.how
from hosts
inner join chosen on hosts.site = chosen.site
