/* ---
summary: >
  Sites that serve the pages of one other site, as the district's own logs show over two
  weeks: for most accounts most sessions on them began right after that other site, and
  next to none by themselves. What comes before everything else, such as a search or a
  start page, serves no site; a host that pages of several sites ask for belongs to
  none. The two weeks are those up to the day. In the first two weeks of a district's
  logs, and after a pause of two weeks, they are those from the first day on, so that
  the first days are judged with as much knowledge as later ones.
grain: [site, event_date]
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
  sessions:
    type: int
    default: 20
    min: 5
    max: 10000
    why: fewer sessions show no habit
  accounts:
    type: int
    default: 3
    min: 2
    max: 1000
    why: what one or two people do is their way, not the site's
  days:
    type: int
    default: 3
    min: 2
    max: 14
    unit: days
    why: one lesson makes many people do the same
  share:
    type: double
    default: 0.8
    min: 0.5
    max: 1
    why: a page's host is next to never asked for by itself; a pause may hide the page
  usual_share:
    type: double
    default: 0.2
    min: 0.01
    max: 0.5
    why: >-
      a site that precedes a fifth of the sessions on most sites is a start page, so
      following it shows nothing
  hosts:
    type: int
    default: 8
    min: 1
    max: 100
    why: >-
      a service has a handful of hosts; what more sites follow than that is where people
      sign in and go on from
columns:
  site: {type: varchar, is: registrable domain that serves}
  service: {type: varchar, is: registrable domain whose pages it serves}
  session_count: {type: bigint, is: sessions of two weeks}
  account_count: {type: bigint, is: accounts}
  day_count: {type: bigint, is: days with a session}
  share: {type: double, is: share of sessions that followed the service}
  event_date: date
--- */
with

-- which day is built does not matter yet: several read it once
logged_days as (
    select distinct event_date
    from core.site_sequences
),

days as (
    select event_date
    from logged_days
    where
        event_date between $event_date::date - interval 27 day
        and $event_date::date + interval 13 day
    qualify is_in_two_weeks(event_date, $event_date::date)
),

sequences as (
    select sequences.*
    from core.site_sequences as sequences
    inner join days on sequences.event_date = days.event_date
),

by_account as (
    select
        account,
        site,
        before_site,
        sum(followed_count) as followed_count
    from sequences
    group by account, site, before_site
),

site_totals as (
    select
        site,
        sum(session_count) as session_count,
        count(distinct account) as account_count,
        count(distinct event_date) as day_count
    from sequences
    where site = before_site
    group by site
),

account_totals as (
    select
        account,
        site,
        followed_count as session_count
    from by_account
    where site = before_site
),

site_pairs as (
    select
        by_account.site,
        by_account.before_site,
        sum(by_account.followed_count) as followed_count,
        count_if(2 * by_account.followed_count > account_totals.session_count)
            as follower_count
    from by_account
    inner join account_totals
        on
            by_account.account = account_totals.account
            and by_account.site = account_totals.site
    where by_account.site <> by_account.before_site
    group by by_account.site, by_account.before_site
),

shares as (
    select
        site_pairs.site,
        site_pairs.before_site,
        site_pairs.follower_count,
        site_totals.session_count,
        site_totals.account_count,
        site_totals.day_count,
        site_pairs.followed_count / site_totals.session_count as share
    from site_pairs
    inner join site_totals on site_pairs.site = site_totals.site
),

-- each site has one vote, so that a service's own hosts do not make it a start page
start_pages as (
    select before_site
    from shares
    group by before_site
    having
        2 * count_if(share > $usual_share) > (select count(*) from site_totals)
),

candidates as (
    select
        shares.*,
        coalesce(backward.share, 0) as backward_share
    from shares
    left join start_pages on shares.before_site = start_pages.before_site
    left join shares as backward
        on
            shares.site = backward.before_site
            and shares.before_site = backward.site
    where
        shares.session_count >= $sessions
        and shares.account_count >= $accounts
        and shares.day_count >= $days
        and shares.share >= $share
        and shares.follower_count >= $share * shares.account_count
        and start_pages.before_site is null
        and not is_bare_address(shares.site)
),

-- of two that follow each other the one that leads more often is the service
following_sites as (
    select *
    from candidates
    where share > backward_share
),

-- a service is not a host of another: its own hosts serve it
followers_of_services as (
    select *
    from following_sites
    where before_site not in (select hosts.site from following_sites as hosts)
),

one_service_per_site as (
    select *
    from followers_of_services
    qualify
        row_number() over (partition by site order by share desc, before_site) = 1
)

select
    site,
    before_site as service,
    session_count::bigint as session_count,
    account_count,
    day_count,
    share::double as share,
    $event_date::date as event_date
from one_service_per_site
qualify count(*) over (partition by before_site) <= $hosts
