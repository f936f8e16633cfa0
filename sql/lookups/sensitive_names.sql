-- Hosts that a list marks as sensitive, and sites most of whose hosts are.
with

said as (
    select
        url_hostname,
        bool_or(list_contains($kinds, category)) as is_sensitive,
        bool_or(category = 'circumvention') as is_way_around
    from core.host_categories
    group by url_hostname
),

sites as (
    select hosts.site as name
    from said
    inner join identity.hosts as hosts on said.url_hostname = hosts.url_hostname
    where hosts.site is not null
    group by hosts.site
    having 2 * count_if(said.is_sensitive) >= count(*) and not bool_or(is_way_around)
)

select url_hostname as name from said where is_sensitive and not is_way_around
union
-- the same hosts in their own letters, where they are international
select hosts.unicode_hostname
from said
inner join identity.hosts as hosts on said.url_hostname = hosts.url_hostname
where
    said.is_sensitive and not said.is_way_around
    and hosts.unicode_hostname is not null
union
select name from sites
