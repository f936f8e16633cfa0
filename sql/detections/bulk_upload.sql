/* ---
title: A large upload to a site that is not on the list
summary: >
  A device sent far more to one outside site in a day than devices of its kind send to
  sites that are not on the list; with too few such uploads to compare, a fixed amount
  decides. The content is unknown. A copy that repeats is reported once, on its first
  day, and again when it doubles; sites on the list do not count. Only logs that count
  the bytes sent can show it; a proxy's often do not.
code: AN-2
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.30, cl.31, cl.41]
requires_fields: [outside_flow]
requires_registry: [devices.csv]
grain: [subject, event_date]
ends:
  of: judged
  by: [device, site]
  where:
    as much went there before: not is_earlier
    not enough more than the usual: is_unusual
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
  megabytes:
    type: int
    default: 500
    min: 20
    max: 1000000
    unit: MB
    why: >-
      a term of a class's documents is less; a video that belongs to the job goes
      to a site of the list
  times_usual:
    type: int
    default: 20
    min: 2
    max: 1000
    why: >-
      times what one in a hundred of the uploads of such devices comes to
  compared_uploads:
    type: int
    default: 200
    min: 1
    max: 100000
    unit: uploads
    why: with fewer, one in a hundred is the largest or the next, which shows little
  uncompared_megabytes:
    type: int
    default: 1000
    min: 20
    max: 1000000
    unit: MB
    why: with too few to compare, twice what counts otherwise
  compared_days:
    type: int
    default: 3
    min: 1
    max: 13
    unit: days
    why: >-
      with fewer earlier days in the logs, or later ones in their first two weeks, a new
      copy cannot be distinguished from a habit
  rare_devices:
    type: int
    default: 3
    min: 1
    max: 100
    unit: devices
    why: what the district works with is used on more devices than that
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: megabytes sent}
claim: >-
  From {account}, about {megabytes:number} MB were sent to {sites:names} in one day.
  The content is unknown.
details:
  sites: varchar[]
  megabytes: int
  usual_megabytes: double
  uploads_compared: int
  logged_days: int
  later_days: int
  is_regular: boolean
  is_compared: boolean
  is_usual: boolean
  is_service: boolean
  is_shared_address: boolean
explanations:
  - name: A copy that goes there regularly
    test: is_regular
    ruled_out: >-
      half as much never went there on the {logged_days:count earlier day}[{later_days?}
      and {later_days:count later day}] in the logs
    not_testable: the logs cover only {logged_days:count earlier day} to compare with
  - name: What such devices usually send
    test: is_usual
    says: >-
      {uploads_compared:count upload} of such devices to sites off the
      list[{is_compared?}; 99 in 100 stay within {usual_megabytes}
      MB][{!is_compared?} are too few to compare with; this amount in one day counts on
      its own]
  - name: A service that the district uses
    test: is_service
    ruled_out: >-
      sites on the list of approved sites are left out; this one is not on it, or is
      known as leisure or file sharing, or hardly any other device uses it
    not_testable: >-
      the district has no list of approved sites yet, or the log gives an address
      without a name, which may be of a listed site
  - one_device
refuted_by:
  - an entry for the site on the approved list
false_positives:
  - A back-up or a synchronized folder that began that day.
  - A video or a camera's recordings that were handed in somewhere.
triage: >
  Decide whether the site is fit for what was sent. If it is, put it on the list.
--- */
with

sent_days as (
    select distinct event_date
    from core.outside_flows
    where
        event_date between $event_date::date - interval 27 day
        and $event_date::date + interval 13 day
        and bytes_out > 0
),

two_weeks as (
    select
        hindsight_end(min(event_date), $event_date::date) as last_date
    from sent_days
    where event_date <= $event_date::date
),

flows as not materialized (
    select *
    from core.outside_flows
    where
        bytes_out > 0
        -- among guests and behind one address of many, only a listed device
        and (
            coalesce(net_kind not in ('guest', 'byod', 'nat'), true)
            or is_registered
        )
        and device_class is distinct from 'phone_byod'
),

-- which day is built does not matter yet: several read it once
by_log as (
    select
        device,
        site,
        event_date,
        seen_by,
        coalesce(min(device_class), 'unknown') as device_class,
        bool_or(is_listed) as is_listed,
        sum(bytes_out) as sent
    from flows
    group by device, site, event_date, seen_by
),

-- firewall and proxy may count the same bytes
uploads as (
    select
        device,
        site,
        event_date,
        min(device_class) as device_class,
        max(sent) as sent
    from by_log
    group by device, site, event_date
    -- uploads to the district's own services are not comparable with uploads elsewhere
    having not coalesce(bool_or(is_listed), false)
),

days as (
    select uploads.*
    from uploads
    cross join two_weeks
    where
        uploads.event_date between $event_date::date - interval 13 day
        and two_weeks.last_date
),

large as (
    select *
    from days
    where event_date = $event_date::date and sent >= 1000000 * $megabytes
),

ranked as (
    select
        large.device,
        large.site,
        days.sent,
        row_number() over others as place,
        count(*) over (partition by large.device, large.site) as upload_count
    from large
    inner join days
        on
            large.device_class = days.device_class
            and large.device <> days.device
            and days.event_date <= $event_date::date
    window others as (partition by large.device, large.site order by days.sent)
),

-- the amount that 99 in 100 of the other uploads stay within
usual as (
    select
        device,
        site,
        max(sent) as sent,
        max(upload_count) as upload_count
    from ranked
    where place <= ceil(0.99 * upload_count)
    group by device, site
),

-- half as much went there before: that was reported
earlier as (
    select distinct
        large.device,
        large.site
    from large
    inner join days on large.device = days.device and large.site = days.site
    where days.event_date < $event_date::date and 2 * days.sent >= large.sent
),

-- in the first weeks of the logs: whether as much went there later
later as (
    select distinct
        large.device,
        large.site
    from large
    inner join days on large.device = days.device and large.site = days.site
    where days.event_date > $event_date::date and 2 * days.sent >= large.sent
),

-- days on which a log counts the bytes sent, from any sender
logged as (
    select
        count_if(
            sent_days.event_date < $event_date::date
            and sent_days.event_date >= $event_date::date - interval 13 day
        ) as day_count,
        count_if(
            sent_days.event_date > $event_date::date
            and sent_days.event_date <= two_weeks.last_date
        ) as later_day_count
    from sent_days
    cross join two_weeks
),

-- without a list of approved sites: a site known as leisure or file sharing, or one
-- that hardly any device of the district uses, is not a service of the district
known as (
    select
        site,
        count(distinct device) as device_count
    from core.outside_flows
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and site in (select large.site from large)
    group by site
),

non_work as (
    select distinct hosts.site
    from core.host_categories as categories
    inner join identity.hosts as hosts
        on categories.url_hostname = hosts.url_hostname
    where
        categories.event_date = $event_date::date
        and is_non_work_kind(categories.category)
),

listed as (
    select count(*) > 0 as has_list
    from registry.approved_sites
),

judged as (
    select
        large.device,
        large.site,
        large.sent,
        usual.sent as usual,
        coalesce(usual.upload_count, 0) as upload_count,
        -- an address without a name may be of a listed site
        not is_bare_address(large.site)
        and (
            listed.has_list
            or non_work.site is not null
            or known.device_count <= $rare_devices
        ) as is_no_service,
        logged.day_count as logged_days,
        case when later.device is null then logged.later_day_count else 0 end
            as later_days,
        earlier.device is not null as is_earlier,
        case
            when usual.upload_count >= $compared_uploads
                then large.sent >= $times_usual * usual.sent
            else large.sent >= 1000000 * $uncompared_megabytes
        end as is_unusual
    from large
    cross join logged
    cross join listed
    left join known on large.site = known.site
    left join non_work on large.site = non_work.site
    left join usual on large.device = usual.device and large.site = usual.site
    left join earlier on large.device = earlier.device and large.site = earlier.site
    left join later on large.device = later.device and large.site = later.site
),

unusual as (
    select *
    from judged
    where not is_earlier and is_unusual
),

cited as (
    select
        unusual.device,
        unusual.site,
        bool_and(flows.is_registered) as is_registered,
        min(flows.first_time) as start_time,
        max(flows.last_time) as end_time,
        list_distinct(
            flatten(list(flows.evidence)) || list(flows.binding_event_id)
        ) as evidence
    from unusual
    inner join flows on unusual.device = flows.device and unusual.site = flows.site
    where flows.event_date = $event_date::date
    group by unusual.device, unusual.site
)

select
    unusual.device as subject,
    min(cited.start_time) as start_time,
    max(cited.end_time) as end_time,
    round(sum(unusual.sent) / 1000000, 0)::double as measure,
    devices_and_sites(unusual.device, unusual.site) as observables,
    list_slice(
        sorted_set(flatten(list(cited.evidence))),
        1, 60
    ) as evidence,
    struct_pack(
        sites := sorted_values(unusual.site),
        megabytes := round(sum(unusual.sent) / 1000000, 0)::bigint,
        usual_megabytes := round(max(unusual.usual) / 1000000, 1),
        uploads_compared := min(unusual.upload_count),
        logged_days := max(unusual.logged_days),
        later_days := max(unusual.later_days),
        is_regular := ruled_out_if(
            max(unusual.logged_days) >= $compared_days
            or min(unusual.later_days) >= $compared_days
        ),
        is_compared := min(unusual.upload_count) >= $compared_uploads,
        is_usual := false,
        is_service := ruled_out_if(bool_or(coalesce(unusual.is_no_service, false))),
        is_shared_address := ruled_out_if(bool_and(cited.is_registered))
    ) as details,
    $event_date::date as event_date
from unusual
inner join cited on unusual.device = cited.device and unusual.site = cited.site
group by unusual.device
