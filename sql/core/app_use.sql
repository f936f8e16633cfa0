/* ---
summary: >
  Which apps an account used on a day, at the pace of a person. A host that serves a
  service counts as that service, and what other pages embed counts as no app. A site of
  generative AI that no row names is an app by its own name. One or two requests are a
  preview, not use. Sites of a sensitive kind are no apps.
grain: [app, account, event_date]
params:
  event_date: {type: date}
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: one or two requests are a preview, not use
by_account: [core.engaged_requests, core.host_services]
columns:
  app: {type: varchar, is: name of the app}
  account: {type: varchar, pii: direct, is: account it counts for}
  role: {type: varchar, is: the role of the account's owner; unknown without one}
  building:
    type: varchar
    is: building with most of its requests; elsewhere without one
  request_count: {type: bigint, is: requests at the pace of a person}
  event_date: {type: date, is: local day}
--- */
with

engaged as (
    select
        account,
        url_hostname,
        coalesce(building, 'elsewhere') as building,
        count(*) as request_count
    from core.engaged_requests
    where
        event_date = $event_date::date
        and site is not null
        and not coalesce(is_user_unknown, false)
    group by account, url_hostname, coalesce(building, 'elsewhere')
),

labels as (
    select
        url_hostname,
        bool_or(category = 'generative_ai') as is_ai,
        coalesce(bool_or(is_sensitive), false) as is_sensitive
    from core.host_categories
    where event_date = $event_date::date
    group by url_hostname
),

placed as (
    select
        engaged.account,
        engaged.building,
        engaged.request_count,
        services.service,
        coalesce(labels.is_ai, false) as is_ai,
        case
            when services.source = 'own' then engaged.url_hostname
            else services.service
        end as host
    from engaged
    inner join core.host_services as services
        on
            engaged.account = services.account
            and engaged.url_hostname = services.url_hostname
            and services.event_date = $event_date::date
    left join labels on engaged.url_hostname = labels.url_hostname
    where services.source <> 'page' and not coalesce(labels.is_sensitive, false)
),

-- of an app for a site and one for a host of it, the narrower one has the host
app_of_host as (
    select
        hosts.host,
        apps.app
    from (select distinct host, service from placed) as hosts
    inner join registry.app_hosts as apps
        on
            hosts.service = apps.site
            and (hosts.host = apps.host or ends_with(hosts.host, '.' || apps.host))
    qualify
        row_number() over (
            partition by hosts.host
            order by length(apps.host) desc, apps.app
        ) = 1
),

used as (
    select
        placed.account,
        placed.building,
        placed.request_count,
        coalesce(
            app_of_host.app, case when placed.is_ai then placed.service end
        ) as app
    from placed
    left join app_of_host on placed.host = app_of_host.host
),

by_building as (
    select
        app,
        account,
        building,
        sum(request_count) as request_count
    from used
    where app is not null
    group by app, account, building
),

sums as (
    select
        app,
        account,
        min_by(building, (-request_count, building)) as building,
        sum(request_count)::bigint as request_count
    from by_building
    group by app, account
    having sum(request_count) >= $requests
),

roles as (
    select
        account,
        case when is_student then 'student' else role end as role
    from identity.accounts
    where event_date = $event_date::date
)

select
    sums.app,
    sums.account,
    coalesce(roles.role, 'unknown') as role,
    sums.building,
    sums.request_count,
    $event_date::date as event_date
from sums
left join roles on sums.account = roles.account
