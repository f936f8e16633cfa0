-- Days on which a changed site was asked for.
with asked as (
    select url_hostname from identity.hosts
    where
        site in (select name from main.changed_sites)
        or url_hostname in (select name from main.changed_sites)
)

select event_date from raw.http_requests where url_hostname in (from asked)
union
select event_date from raw.connections
where
    dst_hostname in (from asked)
    -- a list of bad hosts has addresses, too
    or dst_ip in (select name from main.changed_sites)
union
select event_date from raw.dns_queries where query_name in (from asked)
