/* ---
summary: >
  What the list of sites and the lists of categories say of a site for an account
  on a day: the verdicts on the hosts that it asked for, brought to one. Approval of
  any of the hosts speaks for the site; a denial decides. Hosts that serve the site add
  nothing: its own verdict and category are theirs.
grain: [account, site, event_date]
params:
  event_date: {type: date}
columns:
  account: varchar
  site: {type: varchar, is: registrable domain of the service}
  verdict: {type: varchar, is: the strictest verdict on its hosts}
  entry_id: {type: varchar, is: entry of the list of sites that decided}
  categories: {type: varchar, is: what lists say of it}
  non_work_sources: {type: bigint, is: most lists agreeing on one non-work category}
  is_well_known: {type: boolean, is: a well-known non-work site; no list differs}
  is_sensitive: boolean
  is_work_system:
    type: boolean
    is: the entry is for other roles, and its class is work_system
  served: {type: 'varchar[]', pii: indirect, is: 'hosts that serve it, and the source'}
  event_date: date
--- */
with

services as (
    select *
    from core.host_services
    where event_date = $event_date::date
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
    where site is not null
),

-- a service whose own hosts were not requested is listed here by its site
verdicts as (
    select
        verdicts.account,
        coalesce(hosts.site, verdicts.url_hostname) as site,
        verdicts.url_hostname,
        verdicts.verdict,
        verdicts.entry_id,
        verdicts.site_class
    from core.site_verdicts as verdicts
    left join hosts on verdicts.url_hostname = hosts.url_hostname
    left join services
        on
            verdicts.account = services.account
            and verdicts.url_hostname = services.url_hostname
    where
        verdicts.event_date = $event_date::date
        and (services.source is null or services.source = 'own')
        and (
            hosts.site is not null
            or verdicts.url_hostname in (select used.service from services as used)
        )
),

labels as (
    select
        url_hostname,
        array_to_string(sorted_values(category), ', ') as categories,
        max(case when is_non_work then source_count else 0 end) as non_work_sources,
        bool_or(is_non_work and is_well_known) as is_well_known,
        -- of a way around the filter the tool is what counts
        coalesce(bool_or(is_sensitive), false)
        and not bool_or(category = 'circumvention') as is_sensitive,
        bool_or(
            category in (
                select kinds.category
                from registry.sensitive_categories as kinds
            )
        ) as is_withheld
    from core.host_categories
    where event_date = $event_date::date
    group by url_hostname
),

strictness as (
    select
        verdict,
        case verdict
            when 'denied' then 1
            when 'approved' then 2
            when 'undecidable' then 3
            when 'approved_for_students' then 4
            when 'approved_other_role' then 5
            when 'lapsed' then 6
            else 8
        end as place
    from verdicts
    group by verdict
),

judged as (
    select
        verdicts.account,
        verdicts.site,
        verdicts.verdict,
        verdicts.entry_id,
        verdicts.site_class,
        strictness.place,
        labels.categories,
        labels.non_work_sources,
        labels.is_well_known,
        coalesce(labels.is_sensitive, false) as is_sensitive,
        coalesce(labels.is_withheld, false) as is_withheld
    from verdicts
    inner join strictness on verdicts.verdict = strictness.verdict
    left join labels on verdicts.url_hostname = labels.url_hostname
),

-- of two entries with the same decision, every build cites the first by ID
sites as (
    select
        account,
        site,
        min_by(
            struct_pack(
                verdict := verdict, entry_id := entry_id, site_class := site_class
            ),
            (place, coalesce(entry_id, ''), verdict)
        ) as decision,
        max(categories) as categories,
        coalesce(max(non_work_sources), 0) as non_work_sources,
        coalesce(bool_or(is_well_known), false) as is_well_known,
        -- as names are withheld: a site is of a kind when most of its hosts are
        2 * count_if(is_sensitive) >= count(*) as is_sensitive,
        bool_or(is_withheld) as is_withheld
    from judged
    group by account, site
),

-- the class of an entry can make the site a work system instead of a private matter
standing as (
    select
        *,
        coalesce(
            decision['verdict'] = 'approved_other_role'
            and decision['site_class'] = 'work_system',
            false
        ) as is_work_system
    from sites
),

reasons as (
    select
        account,
        service,
        site,
        case source
            when 'district' then 'by the list of sites'
            when 'listed' then 'by the built-in list of services'
            when 'learned'
                then
                    printf(
                        '%.0f%% of %d sessions in two weeks followed it',
                        100 * max(share),
                        max(session_count)
                    )
            else printf('%.0f%% of its requests followed it', 100 * max(share))
        end as reason
    from services
    where source <> 'own'
    group by account, service, site, source
),

served as (
    select
        account,
        service,
        sorted_values(site || ' serves ' || service || ' (' || reason || ')') as served
    from reasons
    group by account, service
)

select
    standing.account,
    standing.site,
    standing.decision['verdict'] as verdict,
    standing.decision['entry_id'] as entry_id,
    standing.categories,
    standing.non_work_sources,
    standing.is_well_known,
    standing.is_sensitive and not standing.is_work_system as is_sensitive,
    standing.is_work_system,
    -- the host name would reveal why the site is withheld
    case when standing.is_withheld then [] else coalesce(served.served, []) end
        as served,
    $event_date::date as event_date
from standing
left join served
    on standing.account = served.account and standing.site = served.service
