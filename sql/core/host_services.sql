/* ---
summary: >
  The service for which each host of an account's day was used. A host that serves a
  service counts as that one, unless the list of sites approves or denies the host
  itself. A host that is requested within seconds of another service's pages, most of
  the time that day, counts as that one too: the user did not choose what a page embeds.
  So does one whose visits that day, several of them, all began so: a page that is
  scrolled asks for more. Every other host is its own site.
grain: [account, url_hostname, event_date]
params:
  event_date: {type: date}
  embed_seconds:
    type: int
    default: 5
    min: 1
    max: 30
    unit: seconds
    why: embedded content is requested within seconds of the page
  pause_seconds:
    type: int
    default: 180
    min: 60
    max: 1800
    unit: seconds
    why: as for visits
  visits:
    type: int
    default: 3
    min: 2
    max: 50
    why: >-
      a user who twice goes from one site to another within seconds may have chosen both
by_account: [core.engaged_requests, core.site_verdicts]
columns:
  account: varchar
  url_hostname: core.served_hosts
  site: core.served_hosts
  service: varchar
  source: {type: varchar, is: 'own, district, listed, learned or page'}
  session_count: bigint
  share:
    type: double
    is: >-
      share of sessions that followed the service, where learned; of the day's requests,
      where its pages embed it
  event_date: date
--- */
with

requests as (
    select
        event_id,
        account,
        device,
        url_hostname,
        site,
        epoch(start_time) as started
    from core.engaged_requests
    where event_date = $event_date::date and site is not null
),

verdicts as (
    select
        account,
        url_hostname,
        verdict
    from core.site_verdicts
    where event_date = $event_date::date
),

-- what is approved or denied by itself needs no service to speak for it
placed as (
    select
        hosts.account,
        hosts.url_hostname,
        hosts.site,
        coalesce(served.service, hosts.site) as service,
        coalesce(served.source, 'own') as source,
        served.session_count,
        served.share
    from (select distinct account, url_hostname, site from requests) as hosts
    left join verdicts
        on
            hosts.account = verdicts.account
            and hosts.url_hostname = verdicts.url_hostname
    left join core.served_hosts as served
        on
            hosts.url_hostname = served.url_hostname
            and served.event_date = $event_date::date
            and (
                verdicts.verdict is null
                or verdicts.verdict not in ('approved', 'denied')
                or (verdicts.verdict = 'approved' and served.source = 'district')
            )
),

used as (
    select
        requests.event_id,
        requests.account,
        requests.device,
        requests.started,
        floor(requests.started / $embed_seconds)::bigint as bin,
        placed.service,
        coalesce(
            requests.started - lag(requests.started) over (
                partition by requests.account, requests.device, placed.service
                order by requests.started, requests.event_id
            ) > $pause_seconds,
            true
        ) as is_visit_start
    from requests
    inner join placed
        on
            requests.account = placed.account
            and requests.url_hostname = placed.url_hostname
),

bins as (
    select
        account,
        device,
        service,
        bin,
        min(started) as first_start,
        max(started) as last_start
    from used
    group by account, device, service, bin
),

places as (
    select
        event_id,
        account,
        device,
        service,
        started,
        is_visit_start,
        unnest([bin - 1, bin]) as bin
    from used
),

embedded as (
    select
        places.account,
        places.service,
        bins.service as page_service,
        count(distinct places.event_id) as request_count,
        count(distinct places.event_id) filter (where places.is_visit_start)
            as visit_count
    from places
    inner join bins
        on
            places.account = bins.account
            and places.device = bins.device
            and places.bin = bins.bin
    where
        places.service <> bins.service
        and bins.first_start <= places.started
        and bins.last_start >= places.started - $embed_seconds
    group by places.account, places.service, bins.service
),

totals as (
    select
        account,
        service,
        count(*) as request_count,
        count_if(is_visit_start) as visit_count
    from used
    group by account, service
),

shares as (
    select
        embedded.account,
        embedded.service,
        embedded.page_service,
        embedded.request_count / totals.request_count as share,
        totals.visit_count >= $visits and embedded.visit_count = totals.visit_count
            as is_always_led
    from embedded
    inner join totals
        on
            embedded.account = totals.account
            and embedded.service = totals.service
),

-- of two services that are read side by side neither is the other's
pages as (
    select
        shares.account,
        shares.service,
        shares.page_service,
        shares.share
    from shares
    left join shares as backward
        on
            shares.account = backward.account
            and shares.service = backward.page_service
            and shares.page_service = backward.service
    where
        (shares.share > 0.5 and shares.share > coalesce(backward.share, 0))
        or (shares.is_always_led and not coalesce(backward.is_always_led, false))
    qualify
        row_number() over (
            partition by shares.account, shares.service
            order by shares.share desc, shares.page_service
        ) = 1
),

-- what an embed fetches itself belongs to the page around both
outermost as (
    select
        pages.account,
        pages.service,
        coalesce(outer_pages.page_service, pages.page_service) as page_service,
        pages.share
    from pages
    left join pages as outer_pages
        on
            pages.account = outer_pages.account
            and pages.page_service = outer_pages.service
            and pages.service <> outer_pages.page_service
),

ways_around as (
    select distinct url_hostname
    from core.host_categories
    where
        event_date = $event_date::date
        and category in ('circumvention', 'remote_access')
)

select
    placed.account,
    placed.url_hostname,
    placed.site,
    coalesce(outermost.page_service, placed.service) as service,
    case when outermost.page_service is null then placed.source else 'page' end
        as source,
    case when outermost.page_service is null then placed.session_count end
        as session_count,
    round(coalesce(outermost.share, placed.share), 3)::double as share,
    $event_date::date as event_date
from placed
left join verdicts
    on
        placed.account = verdicts.account
        and placed.url_hostname = verdicts.url_hostname
left join ways_around on placed.url_hostname = ways_around.url_hostname
left join outermost
    on
        placed.account = outermost.account
        and placed.service = outermost.service
        and ways_around.url_hostname is null
        and coalesce(verdicts.verdict not in ('approved', 'denied'), true)
        and not is_bare_address(placed.site)
