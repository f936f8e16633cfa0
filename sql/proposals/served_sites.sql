-- Sites that serve an approved site, as the logs of its last day show.
with learned as (
    select * from core.learned_services
    qualify event_date = max(event_date) over (partition by site)
),

entries as (
    select hosts.site, min(approved.entry_id) as entry_id
    from registry.approved_sites as approved
    inner join identity.hosts as hosts
        on split_part(approved.pattern, '/', 1) = hosts.url_hostname
    where approved.match <> 'deny'
    group by hosts.site
)

select learned.*, entries.entry_id
from learned
inner join entries on learned.service = entries.site
where
    learned.site not in (
        select site from registry.service_hosts
        union all
        select listed.site from entries as listed
    )
order by learned.session_count desc, learned.site
