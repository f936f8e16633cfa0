/* ---
summary: >
  What came right before an account's sessions on a site: of the sessions that began on
  a day, how many began shortly after a request to each other site. The row in
  which a site comes before itself counts all of its sessions.
grain: [account, site, before_site, event_date]
params:
  event_date: {type: date}
  apart_minutes:
    type: int
    default: 30
    min: 1
    max: 240
    unit: minutes
    why: the pause after which web analytics begin a new session
  lead_seconds:
    type: int
    default: 45
    min: 5
    max: 600
    unit: seconds
    why: >-
      what a page fetches comes while it is new to its reader; what people open later is
      another choice
by_account: [core.engaged_requests]
columns:
  account: varchar
  site: varchar
  before_site: {type: varchar, is: registrable domain asked for shortly before}
  session_count: {type: bigint, is: sessions on the site that began that day}
  followed_count: {type: bigint, is: of them right after the other site}
  event_date: date
--- */
with

requests as (
    select
        account,
        device,
        site,
        epoch(start_time) as started,
        floor(epoch(start_time) / $lead_seconds)::bigint as bin
    from core.engaged_requests
    where event_date = $event_date::date and site is not null
),

-- a pause is longer than any of these intervals: the first and last requests suffice
intervals as (
    select
        account,
        device,
        site,
        min(started) as first_start,
        max(started) as last_start
    from requests
    group by account, device, site, floor(started / (60 * $apart_minutes))
),

marked as (
    select
        *,
        coalesce(
            first_start - lag(last_start) over in_order > 60 * $apart_minutes, true
        ) as starts_session
    from intervals
    window in_order as (partition by account, device, site order by first_start)
),

sessions as (
    select
        account,
        device,
        site,
        first_start as started,
        floor(first_start / $lead_seconds)::bigint as bin
    from marked
    where starts_session
),

-- this interval and the one before contain everything that a session can follow
places as (
    select
        account,
        device,
        site,
        started,
        unnest([bin - 1, bin]) as bin
    from sessions
),

bins as (
    select
        account,
        device,
        site,
        bin,
        min(started) as first_start,
        max(started) as last_start
    from requests
    group by account, device, site, bin
),

followed as (
    select distinct
        places.account,
        places.device,
        places.site,
        places.started,
        bins.site as before_site
    from places
    inner join bins
        on
            places.account = bins.account
            and places.device = bins.device
            and places.bin = bins.bin
    where
        places.site <> bins.site
        and bins.first_start <= places.started
        and bins.last_start >= places.started - $lead_seconds
),

totals as (
    select
        account,
        site,
        count(*) as session_count
    from sessions
    group by account, site
),

followed_sums as (
    select
        account,
        site,
        before_site,
        count(*) as followed_count
    from followed
    group by account, site, before_site
)

select
    account,
    site,
    site as before_site,
    session_count,
    session_count as followed_count,
    $event_date::date as event_date
from totals
union all
select
    followed_sums.account,
    followed_sums.site,
    followed_sums.before_site,
    totals.session_count,
    followed_sums.followed_count,
    $event_date::date as event_date
from followed_sums
inner join totals
    on
        followed_sums.account = totals.account
        and followed_sums.site = totals.site
