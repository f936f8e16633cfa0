/* ---
summary: >
  Requests that a person made, as well as logs can tell: candidates that are not
  timed by a machine and go to no host that chatters from locked screens. Each
  says whether the account's keyboard was live on that device at the moment.
grain: [event_id]
window: {days_before: 14}
params:
  event_date: {type: date}
  chatty_share:
    type: double
    default: 0.2
    min: 0.01
    max: 1
    why: a host that a fifth of the locked screens talk to needs no person
  chatty_stretches:
    type: int
    default: 5
    min: 1
    max: 1000
    why: fewer locked stretches say nothing about a district
  live_slack_seconds:
    type: int
    default: 20
    min: 0
    max: 120
    unit: seconds
    why: the first page may be asked for while the logon is still being written
by_account: [core.candidate_requests]
columns:
  event_id: {type: bigint, is: the log line}
  account: {type: varchar, pii: direct, is: account}
  person_id: {type: varchar, pii: indirect, is: owner of the account}
  is_staff: {type: boolean, is: the owner works for the district}
  job_title: {type: varchar, pii: indirect, is: the owner's job}
  attribution_grade: {type: varchar, is: 'A, B or C'}
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class of the device}
  device_pool: {type: varchar, is: shared stock it belongs to}
  device_owner: {type: varchar, pii: indirect, is: person the device is assigned to}
  is_district_device: {type: boolean, is: district property}
  binding_event_id: {type: bigint, is: the lease that tells the device}
  device_basis: {type: varchar, is: what says so}
  building: {type: varchar, is: building of the network}
  campus: {type: varchar, is: campus of the building}
  lat: {type: double, is: degrees north}
  lon: {type: double, is: degrees east}
  net_kind: {type: varchar, is: kind of network}
  has_location: {type: boolean, is: the network tells the building}
  start_time: {type: timestamptz, is: when it began}
  time: {type: timestamptz, is: when it ended}
  is_ambiguous_time: {type: boolean, is: in a repeated or left-out hour}
  url_hostname: {type: varchar, is: host asked for}
  site: {type: varchar, is: registrable domain}
  bytes_in: {type: bigint, is: bytes to the client}
  is_page: {type: boolean, is: an HTML document}
  is_live: {type: boolean, is: somebody was there with the account}
  is_live_known: {type: boolean, is: a log tells whether somebody is at the device}
  session_event_id: {type: bigint, is: the logon that says so}
  is_clock_checked: {type: boolean, is: that host's clock is known}
  event_date: {type: date, is: local day}
--- */
with

requests as (
    select *
    from core.candidate_requests
    where event_date = $event_date::date and not is_machine_timed
),

talk as (
    select
        url_hostname,
        talking_count,
        locked_count,
        event_date
    from core.background_traffic
    where
        event_date between $event_date::date - interval 14 day and $event_date::date
),

sessions as (
    select *
    from core.presences
    where event_date = $event_date::date and state = 'live'
),

session_days as (
    select distinct device
    from core.presences
    where
        presence = 'keyboard'
        and event_date between $event_date::date - interval 14 day and $event_date::date
),

locked_days as (
    select
        event_date,
        max(locked_count) as locked_count
    from talk
    group by event_date
),

locked as (
    select sum(locked_count) as locked_count
    from locked_days
),

chatty as (
    select talk.url_hostname
    from talk
    cross join locked
    group by talk.url_hostname
    having
        sum(talk.talking_count) >= $chatty_share * max(locked.locked_count)
        and max(locked.locked_count) >= $chatty_stretches
),

quiet as (
    select requests.*
    from requests
    left join chatty on requests.url_hostname = chatty.url_hostname
    where chatty.url_hostname is null
)

select
    quiet.* exclude (is_machine_timed, event_date),
    sessions.event_id is not null as is_live,
    -- of what was woken, only for a while
    session_days.device is not null
    or sessions.event_id is not null as is_live_known,
    sessions.evidence_event_id as session_event_id,
    coalesce(sessions.is_clock_checked, false) as is_clock_checked,
    quiet.event_date
from quiet
left join sessions
    on
        quiet.account = sessions.account
        and quiet.device = sessions.device
        -- the keyboard on site says nothing of what comes from outside
        and quiet.device_basis is distinct from 'contradicted'
        and quiet.start_time
        + to_seconds($live_slack_seconds) >= sessions.start_time
        and quiet.start_time < sessions.end_time
left join session_days on quiet.device = session_days.device
qualify
    row_number() over (
        partition by quiet.event_id
        -- joining the network and what was opened then may tell of one moment
        order by
            coalesce(sessions.is_clock_checked, false) desc,
            sessions.start_time desc,
            sessions.event_id
    ) = 1
