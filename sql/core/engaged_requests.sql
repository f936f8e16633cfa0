/* ---
summary: >
  Requests that a person made, within what logs can show: candidates that are not
  timed by a machine and go to no host that is contacted from locked screens. Of such a
  host, as the one of mail and files, documents count that reach a live keyboard, if
  locked screens get none: its other answers, large ones too, arrive by themselves. Each
  row shows whether the account's keyboard was active on that device at the moment.
grain: [event_id]
lookback: 14
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
  page_share:
    type: double
    default: 0.05
    min: 0
    max: 1
    why: a document in one of twenty locked stretches is a tab that refreshes
  live_slack_seconds:
    type: int
    default: 20
    min: 0
    max: 120
    unit: seconds
    why: the first page may be asked for while the logon is still being written
  pace_requests:
    type: int
    default: 4
    min: 2
    max: 50
    why: a session that was left open made at most two page requests in ten minutes
  pace_seconds:
    type: int
    default: 300
    min: 60
    max: 900
    unit: seconds
    why: before it and after it; a person who reads a page at length asks for the next
  slow_requests:
    type: int
    default: 10
    min: 4
    max: 200
    why: a session that was left open would make six in half an hour
  slow_seconds:
    type: int
    default: 900
    min: 300
    max: 3600
    unit: seconds
    why: before it and after it; a person who reads long pages asks for few
by_account: [core.candidate_requests]
columns:
  event_id: core.candidate_requests
  account: core.candidate_requests
  person_id: varchar
  is_staff: boolean
  job_title: varchar
  attribution_grade: varchar
  is_given: core.candidate_requests
  is_user_unknown: core.candidate_requests
  device: core.candidate_requests
  device_class: varchar
  device_pool: varchar
  device_owner: varchar
  is_district_device: boolean
  binding_event_id: bigint
  device_basis: varchar
  building: varchar
  campus: varchar
  lat: double
  lon: double
  net_kind: {type: varchar, is: kind of network; vdi for a session of remote desktop}
  has_location:
    type: boolean
    is: the network identifies the building; of a remote session it does not
  start_time: core.candidate_requests
  time: timestamptz
  is_ambiguous_time: boolean
  url_hostname: core.candidate_requests
  site: varchar
  bytes_in: bigint
  is_page: boolean
  is_live: {type: boolean, is: a person was there with the account}
  is_live_known: {type: boolean, is: a log shows whether a person is at the device}
  is_used:
    type: boolean
    is: >-
      a person was there, or used a device of several people on which the account's
      password was given
  is_paced:
    type: boolean
    is: >-
      with several others by the account on that device within minutes; a session that
      was left open makes a lone request now and then
  session_event_id: {type: bigint, is: the logon of the session}
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
        page_count,
        locked_count,
        event_date
    from core.background_traffic
    where
        event_date between $event_date::date - interval 14 day and $event_date::date
),

sessions as (
    select *
    from core.presences
    where event_date = $event_date::date and state in ('live', 'used')
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
    select
        talk.url_hostname,
        sum(talk.page_count) < $page_share * sum(talk.talking_count) as is_page_opened
    from talk
    cross join locked
    group by talk.url_hostname
    having
        sum(talk.talking_count) >= $chatty_share * max(locked.locked_count)
        and max(locked.locked_count) >= $chatty_stretches
),

quiet as (
    select
        requests.*,
        chatty.url_hostname is not null as is_chatty
    from requests
    left join chatty on requests.url_hostname = chatty.url_hostname
    where
        chatty.url_hostname is null
        or (requests.is_page and chatty.is_page_opened)
),

-- joining the network and the first pages after it may be one moment
live as (
    select
        quiet.event_id,
        max_by(
            struct_pack(
                is_live := sessions.state = 'live',
                evidence_event_id := sessions.evidence_event_id,
                is_clock_checked := coalesce(sessions.is_clock_checked, false),
                is_remote := coalesce(sessions.logon_kind = 'remote', false)
            ),
            (
                sessions.state = 'live',
                coalesce(sessions.is_clock_checked, false),
                sessions.start_time,
                -sessions.event_id
            )
        ) as session
    from quiet
    inner join sessions
        on
            quiet.account = sessions.account
            and quiet.device = sessions.device
            -- the keyboard on site does not show who makes requests from outside
            and quiet.device_basis is distinct from 'contradicted'
            and quiet.start_time
            + to_seconds($live_slack_seconds) >= sessions.start_time
            and quiet.start_time < sessions.end_time
    group by quiet.event_id
),

-- the person of a remote session is where its client is
placed as (
    select
        quiet.* replace (
            if(live.session['is_remote'], null, quiet.building) as building,
            if(live.session['is_remote'], null, quiet.campus) as campus,
            if(live.session['is_remote'], null, quiet.lat) as lat,
            if(live.session['is_remote'], null, quiet.lon) as lon,
            if(live.session['is_remote'], 'vdi', quiet.net_kind) as net_kind,
            quiet.has_location
            and not coalesce(live.session['is_remote'], false) as has_location
        ),
        live.session
    from quiet
    left join live on quiet.event_id = live.event_id
)

select
    placed.* exclude (is_machine_timed, is_chatty, session, event_date),
    coalesce(placed.session['is_live'], false) as is_live,
    -- of what was woken, only for a while
    session_days.device is not null
    or coalesce(placed.session['is_live'], false) as is_live_known,
    placed.session is not null as is_used,
    count(*) over (
        partition by placed.account, placed.device
        order by placed.start_time
        range between to_seconds($pace_seconds) preceding
        and to_seconds($pace_seconds) following
    ) >= $pace_requests
    or count(*) over (
        partition by placed.account, placed.device
        order by placed.start_time
        range between to_seconds($slow_seconds) preceding
        and to_seconds($slow_seconds) following
    ) >= $slow_requests as is_paced,
    placed.session['evidence_event_id'] as session_event_id,
    coalesce(placed.session['is_clock_checked'], false) as is_clock_checked,
    placed.event_date
from placed
left join session_days on placed.device = session_days.device
where not placed.is_chatty or coalesce(placed.session['is_live'], false)
