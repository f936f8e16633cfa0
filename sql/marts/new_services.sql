/* ---
summary: >
  Outside sites that no one in the district used for thirty days and that several people
  now use, or that much was sent to: new services. A list for the person who decides
  about sites; it names no one and is not a finding. While the logs reach back too short
  a time, everything would be new, and the list stays empty.
grain: [site, event_date]
lookback: 30
params:
  event_date: {type: date}
  accounts:
    type: int
    default: 3
    min: 1
    max: 1000
    why: one curious person makes no service
  megabytes:
    type: int
    default: 50
    min: 1
    max: 100000
    unit: MB sent
    why: a site that receives this much deserves a look, from any sender
  logged_days:
    type: int
    default: 15
    min: 1
    max: 30
    unit: days
    why: this many of the thirty days must have logs
columns:
  site: {type: varchar, is: registrable domain}
  account_count: {type: bigint, is: accounts that used it}
  device_count: {type: bigint, is: devices that asked for it}
  megabytes_in: {type: double, is: MB received}
  megabytes_out: {type: double, is: MB sent; null if no log counts them}
  categories: varchar
  is_listed: boolean
  event_date: date
--- */
with

flows as (
    select *
    from core.outside_flows
    where event_date = $event_date::date and not is_bare_address
),

-- which day is built does not matter yet: several read it once
site_days as (
    select distinct
        site,
        event_date
    from core.outside_flows
    where not is_bare_address
),

before as (
    select
        site,
        event_date
    from site_days
    where
        event_date >= $event_date::date - interval 30 day
        and event_date < $event_date::date
),

logged as (
    select count(distinct event_date) as day_count
    from before
),

known as (
    select distinct site
    from before
),

by_log as (
    select
        flows.site,
        flows.seen_by,
        bool_or(flows.is_listed) as is_listed,
        sum(flows.bytes_in) / 1000000.0 as megabytes_in,
        sum(flows.bytes_out) / 1000000.0 as megabytes_out
    from flows
    left join known on flows.site = known.site
    where known.site is null and flows.background_kind is null
    group by flows.site, flows.seen_by
),

-- firewall and proxy may count the same bytes
sites as (
    select
        site,
        bool_or(is_listed) as is_listed,
        max(megabytes_in) as megabytes_in,
        max(megabytes_out) as megabytes_out
    from by_log
    group by site
),

devices as (
    select
        site,
        count(distinct device) as device_count
    from flows
    group by site
),

people as (
    select
        site,
        count(distinct account) as account_count
    from core.site_use
    where event_date = $event_date::date
    group by site
),

labels as (
    select
        hosts.site,
        array_to_string(sorted_values(labels.category), ', ')
            as categories
    from core.host_categories as labels
    inner join identity.hosts as hosts on labels.url_hostname = hosts.url_hostname
    where labels.event_date = $event_date::date
    group by hosts.site
)

select
    sites.site,
    coalesce(people.account_count, 0) as account_count,
    devices.device_count,
    sites.megabytes_in,
    sites.megabytes_out,
    labels.categories,
    sites.is_listed,
    $event_date::date as event_date
from sites
cross join logged
inner join devices on sites.site = devices.site
left join people on sites.site = people.site
left join labels on sites.site = labels.site
where
    logged.day_count >= $logged_days
    and (
        people.account_count >= $accounts
        or sites.megabytes_out >= $megabytes
    )
