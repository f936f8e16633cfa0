/* ---
summary: >
  Who was where, for how long, and by which source. *keyboard*: a logon or unlock at a
  device, with its clock corrected; *live* until the next lock or logoff, for at most a
  few hours, *locked* from a lock to the next event. A logon that is locked within
  seconds is the machine signing itself on after a restart: no one was there. *wifi*:
  802.1X or RADIUS let the account's card into the network. *tunnel*: a VPN gave it an
  address. *portal*: it gave its password to a proxy or at a firewall's page. *sign_in*:
  it signed in to a cloud service. *mapping*: a message of a firewall that mapped an
  address to the account. The last five show that the account is *connected*, not that a
  person is there; `core.presences` decides what rules may conclude from them.
grain: [event_id, event_date]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
  live_hours:
    type: int
    default: 6
    min: 1
    max: 12
    unit: hours
    why: a missing logoff must not keep a person at the keyboard all day
  automatic_seconds:
    type: int
    default: 10
    min: 1
    max: 60
    unit: seconds
    why: after a restart Windows signs on and locks immediately
  session_hours:
    type: int
    default: 12
    min: 1
    max: 48
    unit: hours
    why: a session whose end was not logged is not believed past a working day
  mapping_minutes:
    type: int
    default: 45
    min: 1
    max: 720
    unit: minutes
    why: firewalls drop a mapping after about this time, for any user
  portal_minutes:
    type: int
    default: 60
    min: 5
    max: 720
    unit: minutes
    why: a firewall signs a silent user out within minutes; an hour is one sitting
  sign_in_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: after a longer silence another person may be there
columns:
  account: varchar
  presence: {type: varchar, is: 'keyboard, wifi, tunnel, portal, sign_in or mapping'}
  state: {type: varchar, is: 'live, locked or connected'}
  device: {type: varchar, pii: indirect, is: device; null if only an address is known}
  mac: {type: varchar, pii: indirect, is: card that the network admitted}
  ip: {type: varchar, pii: indirect, is: address in the log}
  start_time: {type: timestamptz, is: 'from this instant, clock corrected'}
  end_time: {type: timestamptz, is: to this instant}
  ended_by: {type: varchar, is: 'lock, logoff, next or limit'}
  logon_kind:
    type: varchar
    is: >-
      kind of the logon; null for a locked screen; remote, too, for an unlock in a
      session of remote desktop
  reported_by:
    type: varchar
    pii: indirect
    is: 'access point, switch, server or the device itself that reported it'
  building: {type: varchar, is: building of that access point or switch}
  is_clock_checked: {type: boolean, is: another clock agrees with the host's}
  offset_seconds: {type: double, is: what was added to the host's stamps}
  machine: {type: varchar, pii: indirect, is: machine name in a VPN login}
  name_proof: {type: varchar, is: 'how the account is known, by its line'}
  proof_event_id:
    type: bigint
    is: the line that proves the account, where the event's own name proves nothing
  unlocked_time:
    type: timestamptz
    is: >-
      from then on another account has the screen, while this one stays logged on and
      its programs go on
  event_id: {type: bigint, is: the event that opens it}
  logon_date: {type: date, is: local day of that event}
  event_date: {type: date, is: local day that the row serves}
--- */
with

logons as (
    select
        event_id,
        source,
        host,
        src_hostname,
        src_ip,
        src_mac,
        assigned_ip,
        format,
        name_proof,
        user_name as written_name,
        time,
        activity,
        logon_kind,
        logon_type,
        is_success,
        -- a RADIUS server logs the access point or switch where it let the account in
        case
            when logon_kind = 'wifi'
                then coalesce(lower(extras ->> '$.nas'), reported_by)
            else reported_by
        end as reported_by,
        -- a controller names the access point next to itself, before the network's name
        case
            when logon_kind = 'wifi'
                then lower(regexp_extract(extras ->> '$.called', '^[^:]+'))
        end as called,
        event_date
    from raw.logons
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and activity in ('logon', 'logoff', 'lock', 'unlock', 'mapping')
        and not coalesce(is_machine, false)
),

guessing as (
    select format from identity.mapping_formats
),

inner_names as (
    select
        event_id,
        user_name,
        inner_event_id
    from identity.inner_names
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

clocks as (
    select
        host,
        offset_seconds,
        spread_seconds
    from identity.host_clocks
    where event_date = $event_date::date
),

devices as (
    select
        name,
        device,
        device_class
    from identity.device_names
    where event_date = $event_date::date
),

unlisted as (
    select
        name,
        device
    from identity.unlisted_computers
    where event_date = $event_date::date
),

-- the access point is more exact than its controller, the longest pattern most exact
access_points as (
    select
        reporters.reported_by,
        reporters.called,
        access_points.building
    from (
        select distinct
            reported_by,
            called
        from logons
        where logon_kind = 'wifi'
    ) as reporters
    inner join registry.access_points as access_points
        on
            reporters.reported_by glob access_points.pattern
            or reporters.called glob access_points.pattern
    qualify
        row_number() over (
            partition by reporters.reported_by, reporters.called
            order by
                coalesce(reporters.called glob access_points.pattern, false) desc,
                length(access_points.pattern) desc,
                access_points.building
        ) = 1
),

named as (
    select
        logons.*,
        inner_names.inner_event_id,
        case
            when inner_names.inner_event_id <> logons.event_id then 'tunnel'
            when inner_names.event_id is not null then 'authenticated'
            else logons.name_proof
        end as known_by,
        names.account
    from logons
    left join inner_names on logons.event_id = inner_names.event_id
    inner join names
        on
            proven_name(
                logons.written_name, logons.name_proof, inner_names.user_name
            ) = names.user_name
    where
        logons.activity in ('lock', 'unlock') or coalesce(logons.is_success, true)
),

-- a tunnel that opens within minutes of a logon is a second clock for a host that
-- no domain controller saw
tunnels as (
    select
        account,
        time
    from named
    where logon_kind = 'vpn' and activity = 'logon'
),

at_keyboards as (
    select
        named.account,
        -- a Chromebook has the directory's id in addition to its given name
        coalesce(by_host.device, by_name.device, unlisted.device, named.host) as device,
        named.event_id,
        named.activity,
        named.logon_kind,
        named.reported_by,
        named.event_date,
        named.known_by,
        named.logon_kind = 'remote' and named.activity in ('logon', 'unlock')
            as is_remote,
        -- 4779 leaves a session; of an unlock (7, 13), its own logon ends immediately
        (named.activity = 'lock' and named.logon_kind = 'remote')
        or (
            coalesce(named.logon_type not in (7, 13), true)
            and (
                named.activity = 'logoff'
                or (
                    named.activity = 'logon'
                    and named.logon_kind in ('interactive', 'cached')
                )
            )
        ) as is_left,
        named.activity = 'unlock'
        or (
            named.activity = 'logon' and coalesce(named.logon_type in (7, 13), false)
        ) as is_unlock,
        named.time
        + to_microseconds((1000000 * coalesce(clocks.offset_seconds, 0))::bigint)
            as time,
        clocks.offset_seconds,
        coalesce(clocks.spread_seconds <= 60, false)
        -- only ChromeOS sets its clock over the network
        or coalesce(by_host.device_class, by_name.device_class, '') = 'chromebook'
        or exists (
            select 1
            from tunnels
            where
                tunnels.account = named.account
                and tunnels.time between named.time - interval 10 minute
                and named.time + interval 10 minute
        ) as is_clock_checked
    from named
    left join clocks on named.host = clocks.host
    left join devices as by_host on named.host = by_host.name
    left join unlisted on named.host = unlisted.name
    left join devices as by_name
        on named.src_hostname = by_name.name and named.logon_kind = 'interactive'
    where
        named.host is not null
        and named.reported_by = named.host
        and (
            named.activity in ('lock', 'unlock')
            or (
                named.activity in ('logon', 'logoff')
                and named.logon_kind in ('interactive', 'cached', 'remote')
            )
            -- 4647: a person signs out; the event has no logon type
            or (named.activity = 'logoff' and named.logon_kind is null)
        )
),

stepped as (
    select
        *,
        lead(time) over at_the_seat as next_time,
        lead(activity) over at_the_seat as next_activity
    from at_keyboards
    window at_the_seat as (partition by account, device order by time, event_id)
),

-- what is unlocked after remote desktop reached a computer may be that session, until
-- it is left or someone logs on at the keyboard
reached as (
    select
        *,
        coalesce(
            max(time) filter (where is_remote) over up_to_now > greatest(
                max(time) filter (where is_left) over up_to_now,
                time - interval 1 hour * $session_hours
            ),
            false
        )
        -- 4801 may come before the logon of the same moment
        or (
            activity = 'unlock'
            and bool_or(is_remote) over soon
        ) as is_reached
    from stepped
    window
        up_to_now as (
            partition by account, device
            order by time, event_id
            rows between unbounded preceding and current row
        ),
        soon as (
            partition by account, device
            order by time
            range between current row and interval 5 second following
        )
),

-- one screen shows one session; those of remote desktop are on none
screens as (
    select
        *,
        min(time) filter (where is_unlock and not is_reached) over later as next_unlock
    from reached
    window
        later as (
            partition by device
            order by time, event_id
            rows between 1 following and unbounded following
        )
),

seated as (
    select
        account,
        'keyboard' as presence,
        case when activity = 'lock' then 'locked' else 'live' end as state,
        device,
        null as mac,
        null as ip,
        time as start_time,
        next_time,
        next_activity,
        account as next_account,
        case
            when activity = 'lock' then interval 24 hour
            else interval 1 hour * $live_hours
        end as believed,
        case
            when activity = 'lock' then null
            when is_reached then 'remote'
            else logon_kind
        end as logon_kind,
        reported_by,
        null as building,
        is_clock_checked,
        offset_seconds,
        null as machine,
        known_by,
        null::bigint as proof_event_id,
        case
            when
                activity <> 'lock'
                and not is_reached
                and coalesce(next_unlock < next_time, true)
                then next_unlock
        end as unlocked_time,
        event_id,
        event_date
    from screens
    where
        activity <> 'logoff'
        and not (
            activity = 'logon'
            and coalesce(next_activity = 'lock', false)
            and epoch(next_time) - epoch(time) <= $automatic_seconds
        )
        and coalesce(next_time > time, true)
    qualify
        row_number() over (
            partition by account, device, time, activity = 'lock'
            order by event_id
        ) = 1
),

-- what else names an account, and at what: a card, or an address
claims as (
    select
        *,
        case logon_kind
            when 'vpn' then 'tunnel'
            when 'wifi' then 'wifi'
            when 'proxy' then 'portal'
            when 'cloud' then 'sign_in'
            else 'mapping'
        end as presence,
        case logon_kind
            when 'vpn' then assigned_ip
            when 'wifi' then coalesce(src_mac, src_ip)
            when 'proxy' then src_ip
            when 'cloud' then src_ip
            else source || ' ' || src_ip
        end as place
    from named
    where
        logon_kind in ('vpn', 'wifi')
        or (logon_kind = 'cloud' and activity = 'logon')
        or (
            logon_kind = 'proxy'
            and activity in ('logon', 'logoff')
            and known_by = 'authenticated'
        )
        or (
            coalesce(
                name_proof = 'recorded',
                format in (select guessing.format from guessing)
            )
            and (
                activity = 'mapping'
                or (activity = 'logoff' and logon_kind is null)
            )
        )
),

followed as (
    select
        *,
        lead(time) over at_the_place as next_time,
        lead(activity) over at_the_place as next_activity,
        lead(account) over at_the_place as next_account
    from claims
    where place is not null
    window at_the_place as (partition by presence, place order by time, event_id)
),

connected as (
    select
        followed.account,
        followed.presence,
        'connected' as state,
        case
            when followed.presence = 'wifi'
                then coalesce(devices.device, 'mac:' || followed.src_mac)
        end as device,
        case when followed.presence = 'wifi' then followed.src_mac end as mac,
        case
            when followed.presence = 'tunnel' then followed.assigned_ip
            else followed.src_ip
        end as ip,
        followed.time as start_time,
        followed.next_time,
        followed.next_activity,
        followed.next_account,
        case followed.presence
            when 'mapping' then interval 1 minute * $mapping_minutes
            when 'portal' then interval 1 minute * $portal_minutes
            when 'sign_in' then interval 1 minute * $sign_in_minutes
            else interval 1 hour * $session_hours
        end as believed,
        followed.logon_kind,
        followed.reported_by,
        access_points.building,
        false as is_clock_checked,
        null::double as offset_seconds,
        case
            when followed.presence = 'tunnel'
                then split_part(
                    coalesce(
                        followed.src_hostname,
                        nullif(followed.host, followed.reported_by)
                    ),
                    '.',
                    1
                )
        end as machine,
        followed.known_by,
        nullif(followed.inner_event_id, followed.event_id) as proof_event_id,
        null::timestamptz as unlocked_time,
        followed.event_id,
        followed.event_date
    from followed
    left join devices on followed.src_mac = devices.name
    left join access_points
        on
            followed.reported_by is not distinct from access_points.reported_by
            and followed.called is not distinct from access_points.called
            and followed.presence = 'wifi'
    where followed.activity <> 'logoff'
),

seen as (
    select * from seated
    union all
    select * from connected
)

select
    account,
    presence,
    state,
    device,
    mac,
    ip,
    start_time,
    least(coalesce(next_time, start_time + believed), start_time + believed)
        as end_time,
    case
        when coalesce(next_time > start_time + believed, true) then 'limit'
        when next_activity in ('lock', 'logoff') then next_activity
        else 'next'
    end as ended_by,
    logon_kind,
    reported_by,
    building,
    is_clock_checked,
    offset_seconds,
    machine,
    known_by as name_proof,
    proof_event_id,
    unlocked_time,
    event_id,
    event_date as logon_date,
    $event_date::date as event_date
from seen
where
    coalesce(next_time > start_time, true)
    -- behind one address two people sign in within one second
    or (presence = 'sign_in' and next_account <> account)
