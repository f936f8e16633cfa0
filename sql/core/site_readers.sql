/* ---
summary: >
  Staff accounts that used a site of a leisure category, a remote-control tool or a bare
  address at length on a day: several requests in several five-minute intervals. Kept
  only while the district has no list of approved sites, to show how usual a site is
  (`core.leisure_use`). Categories that lists often give to lessons or tools, such as
  games and file sharing, are left out.
grain: [account, site, event_date]
params:
  event_date: {type: date}
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: a single tunnel may be a preconnect
  bins:
    type: int
    default: 2
    min: 1
    max: 50
    why: a link in a mail or a glance stays within one interval of five minutes
by_account: [core.engaged_requests]
columns:
  account: varchar
  site: varchar
  event_date: date
--- */
with

leisure_hosts as (
    select distinct url_hostname
    from core.host_categories
    where
        event_date = $event_date::date
        and (is_non_work or category = 'remote_access')
        -- jobs and dating are sensitive, unless the district has them judged
        and not is_sensitive
        and category not in ('games', 'file_sharing')
),

requests as (
    select
        engaged.account,
        engaged.site,
        epoch(engaged.start_time)::bigint // 300 as bin
    from core.engaged_requests as engaged
    left join leisure_hosts on engaged.url_hostname = leisure_hosts.url_hostname
    where
        (leisure_hosts.url_hostname is not null or is_bare_address(engaged.site))
        and engaged.event_date = $event_date::date
        and engaged.is_staff
        and not exists (select 1 from registry.approved_sites)
)

select
    account,
    site,
    $event_date::date as event_date
from requests
group by account, site
having count(*) >= $requests and count(distinct bin) >= $bins
