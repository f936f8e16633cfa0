/* ---
summary: >
  Sites that somebody opened on a Chromebook which writes no logons and is nobody's but
  one person's: a page of a site
  that lists know and that the device had not asked for in hours, which nothing else on
  the device brought along. A tab left open asks again for what it asked before, and
  what a page embeds comes within seconds of it. A site that devices mostly ask for
  with no other opened around it is asked for by a program.
grain: [event_id]
window: {days_before: 1}
params:
  event_date: {type: date}
  silent_hours:
    type: int
    default: 3
    min: 1
    max: 12
    unit: hours
    why: >-
      what a tab or a program asks for by itself it asks for at least every hour, and
      misses one at times
  embed_seconds:
    type: int
    default: 5
    min: 1
    max: 30
    unit: seconds
    why: what a page embeds is asked for within seconds of the page
  alone_minutes:
    type: int
    default: 15
    min: 5
    max: 120
    unit: minutes
    why: who opens one site and no other for so long is not told from a program
  alone_share:
    type: double
    default: 0.5
    min: 0.1
    max: 1
    why: what is more often asked for alone than not needs nobody
  openings:
    type: int
    default: 5
    min: 2
    max: 1000
    why: fewer openings of a day show no habit of a site
columns:
  event_id: {type: bigint, is: the log line}
  account: {type: varchar, pii: direct, is: account it counts for}
  device: {type: varchar, pii: indirect, is: device}
  site: {type: varchar, is: registrable domain}
  start_time: {type: timestamptz, is: when it was asked for}
  event_date: {type: date, is: local day}
--- */
with

candidates as (
    select
        event_id,
        account,
        device,
        url_hostname,
        site
    from core.candidate_requests
    where
        event_date = $event_date::date
        and is_staff
        and device_class = 'chromebook'
        -- whose login it is says nothing of who took one of a cart
        and device_pool is null
        and not is_machine_timed
        and device not in (
            select presences.device
            from identity.presences as presences
            where
                presences.event_date = $event_date::date
                and presences.presence = 'keyboard'
        )
),

asked as (
    select
        event_id,
        device,
        site,
        start_time
    from core.http_requests
    where
        event_date between $event_date::date - interval 1 day and $event_date::date
        and device in (select candidates.device from candidates)
),

stepped as (
    select
        event_id,
        start_time,
        epoch(start_time) - epoch(lag(start_time) over of_site) as silent_seconds,
        epoch(start_time) - epoch(lag(start_time) over of_device) as pause_seconds
    from asked
    window
        of_site as (partition by device, site order by start_time, event_id),
        of_device as (partition by device order by start_time, event_id)
),

approved as (
    select distinct split_part(pattern, '/', 1) as site
    from registry.approved_sites
    where
        match <> 'deny'
        and $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

-- what somebody looks at, not what programs talk to
listed as (
    select distinct url_hostname
    from core.host_categories
    where
        event_date = $event_date::date
        and category in (select words.category from registry.category_words as words)
        and category not in (
            'advertising', 'infrastructure', 'link_shortener', 'mail', 'malware',
            'messaging'
        )
),

opened as (
    select
        candidates.event_id,
        candidates.account,
        candidates.device,
        candidates.site,
        stepped.start_time
    from candidates
    inner join stepped on candidates.event_id = stepped.event_id
    left join listed on candidates.url_hostname = listed.url_hostname
    left join approved on candidates.site = approved.site
    where
        coalesce(stepped.silent_seconds > 3600 * $silent_hours, true)
        and coalesce(stepped.pause_seconds > $embed_seconds, true)
        and (listed.url_hostname is not null or approved.site is not null)
),

spaced as (
    select
        *,
        coalesce(
            epoch(start_time) - epoch(lag(start_time) over in_order)
            <= 60 * $alone_minutes,
            false
        )
        or coalesce(
            epoch(lead(start_time) over in_order) - epoch(start_time)
            <= 60 * $alone_minutes,
            false
        ) as has_others
    from opened
    window in_order as (partition by device order by start_time, event_id)
),

programs as (
    select site
    from spaced
    group by site
    having
        count(*) >= $openings
        and count_if(not has_others) > $alone_share * count(*)
)

select
    spaced.event_id,
    spaced.account,
    spaced.device,
    spaced.site,
    spaced.start_time,
    $event_date::date as event_date
from spaced
left join programs on spaced.site = programs.site
where programs.site is null
