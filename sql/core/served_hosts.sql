/* ---
summary: >
  Which service each host of a day serves, for every account: by an entry of the list of
  sites that supports another entry's site, by the built-in list, or by the district's
  own logs. A way around the filter serves no service. A host that is not here counts
  as its own site.
grain: [url_hostname, event_date]
params:
  event_date: {type: date}
columns:
  url_hostname: core.host_categories
  site: {type: varchar, is: its registrable domain}
  service: {type: varchar, is: registrable domain of the service}
  source: {type: varchar, is: 'district, listed or learned'}
  session_count: {type: bigint, is: 'sessions of two weeks, where learned'}
  share: {type: double, is: 'share of them that followed the service, where learned'}
  event_date: date
--- */
with

hosts as (
    select distinct
        requests.url_hostname,
        requests.site
    from core.engaged_requests as requests
    where requests.event_date = $event_date::date and requests.site is not null
),

ways_around as (
    select distinct url_hostname
    from core.host_categories
    where
        event_date = $event_date::date
        and category in ('circumvention', 'remote_access')
),

said as (
    select
        hosts.url_hostname,
        hosts.site,
        known.service,
        known.source,
        case known.source when 'district' then 1 else 2 end as precedence,
        length(known.host) as specificity,
        null::bigint as session_count,
        null::double as share
    from hosts
    inner join registry.service_hosts as known on hosts.site = known.site
    where
        (
            hosts.url_hostname = known.host
            or ends_with(hosts.url_hostname, '.' || known.host)
        )
        and $event_date::date between coalesce(known.valid_from, date '0001-01-01')
        and coalesce(known.valid_to, date '9999-12-31')
    union all
    select
        hosts.url_hostname,
        hosts.site,
        learned.service,
        'learned' as source,
        3 as precedence,
        0 as specificity,
        learned.session_count,
        learned.share
    from hosts
    inner join core.learned_services as learned on hosts.site = learned.site
    where learned.event_date = $event_date::date
)

select
    said.url_hostname,
    said.site,
    said.service,
    said.source,
    said.session_count,
    said.share,
    $event_date::date as event_date
from said
left join ways_around on said.url_hostname = ways_around.url_hostname
where ways_around.url_hostname is null and said.service is distinct from said.site
qualify
    row_number() over (
        partition by said.url_hostname
        order by said.precedence, said.specificity desc, said.service
    ) = 1
