/* ---
summary: >
  The proven name of each network login whose line has only a name that the client chose
  (802.1X sends it in front of the tunnel that holds the identity). A server writes
  the inner name on a separate line: of the same request, or the only one of that
  access point or switch within seconds. A controller and accounting repeat a name: that
  of the session, or the one that a server proved for the card just before. A name
  that equals one proven for the card the same day counts too. A FreeRADIUS server that
  writes no inner name for an access point has no tunnels there: its names are proven.
  A line without a row names no one.
grain: [event_id, event_date]
lookback: 1
params:
  event_date: {type: date}
  pair_seconds:
    type: int
    default: 10
    min: 1
    max: 60
    unit: seconds
    why: a server ends a login within a moment of the tunnel in it
  card_seconds:
    type: int
    default: 75
    min: 5
    max: 600
    unit: seconds
    why: a controller logs a login right after the server; clocks may differ
  pair_requests:
    type: int
    default: 8
    min: 0
    max: 100
    why: a server numbers its requests; those of one login follow each other closely
columns:
  event_id: {type: bigint, is: the line with the name in front}
  user_name: {type: varchar, pii: direct, is: the proven name}
  inner_event_id: {type: bigint, is: 'the line that proves it, which may be the same'}
  event_date: {type: date, is: local day}
--- */
with

logins as (
    select
        event_id,
        source,
        time,
        user_name,
        name_proof,
        src_mac,
        logon_uid,
        event_date,
        lower(extras ->> '$.nas') as access_point,
        try_cast(extras ->> '$.number' as bigint) as request,
        coalesce(name_proof in ('outer', 'said') or user_name is null, false)
        and event_date = $event_date::date as is_asked,
        coalesce(name_proof in ('tunnel', 'authenticated'), false) as is_proven
    from raw.logons
    where
        event_date between $event_date::date - interval 1 day and $event_date::date
        and activity in ('logon', 'logoff', 'mapping')
        and coalesce(is_success, true)
        -- the line of the tunnel inside has no port and no card
        and (logon_kind in ('wifi', 'vpn') or name_proof = 'tunnel')
        -- a name that an earlier version read, without its proof, needs no second line
        and (name_proof is not null or user_name is null)
        and name_proof is distinct from 'doubtful'
),

named as (
    select
        logins.*,
        coalesce(names.account, lower(logins.user_name)) as account
    from logins
    left join identity.account_names as names on logins.user_name = names.user_name
),

asked as (
    select * from named
    where is_asked
),

proven as (
    select * from named
    where is_proven and account is not null
),

-- each name in front, and each name inside, that the same server wrote for the same
-- access point within seconds
near as (
    select
        outer_lines.event_id,
        outer_lines.account,
        inner_lines.event_id as inner_event_id,
        inner_lines.account as inner_account,
        coalesce(outer_lines.request = inner_lines.request, false) as is_same_request,
        coalesce(
            outer_lines.request - inner_lines.request between 0 and $pair_requests,
            true
        ) as is_next_request
    from asked as outer_lines
    inner join proven as inner_lines
        on
            outer_lines.source = inner_lines.source
            and outer_lines.access_point = inner_lines.access_point
            and inner_lines.time
            between outer_lines.time - to_seconds($pair_seconds) and outer_lines.time
    where
        inner_lines.name_proof = 'tunnel'
        and (outer_lines.name_proof = 'outer' or outer_lines.account is null)
),

of_outer as (
    select
        event_id,
        count(distinct inner_account) as inner_accounts,
        coalesce(bool_or(account = inner_account), false) as is_plain
    from near
    group by event_id
),

of_inner as (
    select
        near.inner_event_id,
        count(*) as outers,
        count_if(near.account = near.inner_account) as same_names,
        bool_and(of_outer.is_plain) as is_plain
    from near
    inner join of_outer on near.event_id = of_outer.event_id
    group by near.inner_event_id
),

-- a name inside belongs to the one name in front, or to the one that is the same; where
-- several people log in together and one of them hides the name, none is paired
paired as (
    select
        near.event_id,
        near.inner_event_id
    from near
    inner join of_outer on near.event_id = of_outer.event_id
    inner join of_inner on near.inner_event_id = of_inner.inner_event_id
    where
        near.is_same_request
        or (
            near.is_next_request
            and of_outer.inner_accounts = 1
            and of_inner.outers = 1
        )
        or (
            near.account = near.inner_account
            and of_inner.is_plain
            and of_inner.same_names = 1
        )
    qualify
        row_number() over (
            partition by near.event_id
            order by near.is_same_request desc, near.inner_event_id desc
        ) = 1
),

-- of one card: what a server proved just then, or the same name earlier that day
repeated as (
    select
        asked.event_id,
        proven.event_id as inner_event_id
    from asked
    inner join proven
        on
            asked.src_mac = proven.src_mac
            and asked.event_id <> proven.event_id
            and proven.time <= asked.time + to_seconds($card_seconds)
            and (
                proven.time >= asked.time - to_seconds($card_seconds)
                or (
                    asked.account = proven.account
                    and asked.event_date = proven.event_date
                )
                or (
                    asked.source = proven.source
                    and asked.logon_uid = proven.logon_uid
                )
            )
    qualify
        row_number() over (
            partition by asked.event_id
            order by
                coalesce(
                    asked.source = proven.source
                    and asked.logon_uid = proven.logon_uid,
                    false
                ) desc,
                proven.time desc,
                proven.event_id desc
        ) = 1
),

tunneling as (
    select distinct
        source,
        access_point
    from logins
    where name_proof = 'tunnel'
),

-- the server logs each tunnel's name: where it logs none, no tunnel was there
alone as (
    select asked.event_id
    from asked
    left join tunneling
        on
            asked.source = tunneling.source
            and asked.access_point is not distinct from tunneling.access_point
    where
        asked.name_proof = 'outer'
        and asked.account is not null
        and tunneling.source is null
),

found as (
    select
        event_id,
        inner_event_id,
        1 as choice
    from paired
    union all
    select
        event_id,
        inner_event_id,
        2 as choice
    from repeated
    union all
    select
        event_id,
        event_id as inner_event_id,
        3 as choice
    from alone
),

chosen as (
    select
        event_id,
        arg_min(inner_event_id, choice) as inner_event_id
    from found
    group by event_id
)

select
    chosen.event_id,
    logins.user_name,
    chosen.inner_event_id,
    $event_date::date as event_date
from chosen
inner join logins on chosen.inner_event_id = logins.event_id
