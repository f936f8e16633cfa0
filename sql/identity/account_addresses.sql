/* ---
summary: >
  Which account each source saw at an address, and for how long. *proxy*: logins
  on the lines of a proxy, as long as they follow each other closely. *mapping*: a
  firewall inferred the account from the address, in a line or in a separate message.
  *wifi*, *tunnel*, *sign_in*, *keyboard*: `identity.presences` has it there, or on the
  device that holds the address.
  Sources may disagree; `identity.binding_conflicts` lists where.
grain: [ip, start_time, account, witness, event_date]
params:
  event_date: {type: date}
  pause_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: after a longer silence another person may have sat down
columns:
  ip: identity.address_holders
  account: {type: varchar, pii: direct, is: account seen there}
  witness:
    type: varchar
    is: 'proxy, mapping, wifi, tunnel, sign_in or keyboard'
  name_proof: {type: varchar, is: 'how that source knows the account'}
  start_time: identity.address_holders
  end_time: {type: timestamptz, is: 'to this instant, included'}
  event_id: {type: bigint, is: the first event of the interval}
  event_count: {type: bigint, is: events in the interval}
  event_date: date
--- */
with

names as (
    select
        user_name,
        account
    from identity.account_names
),

guessing as (
    select format from identity.mapping_formats
),

holders as (
    select *
    from identity.address_holders
    where event_date = $event_date::date
),

presences as (
    select *
    from identity.presences
    where event_date = $event_date::date and state <> 'locked'
),

named_lines as (
    select
        event_id,
        src_ip as ip,
        user_name,
        name_proof,
        format,
        coalesce(start_time, time) as start_time
    from raw.http_requests
    where
        event_date = $event_date::date
        and user_name is not null
        and src_ip is not null
        and coalesce(disposition, 'allowed') <> 'challenged'
    union all
    select
        event_id,
        src_ip as ip,
        user_name,
        name_proof,
        format,
        coalesce(start_time, time) as start_time
    from raw.connections
    where
        event_date = $event_date::date
        and user_name is not null
        and src_ip is not null
),

on_lines as (
    select
        named_lines.event_id,
        named_lines.ip,
        names.account,
        if(
            coalesce(
                named_lines.name_proof = 'recorded', guessing.format is not null
            ),
            'mapping',
            'proxy'
        ) as witness,
        named_lines.name_proof,
        named_lines.start_time
    from named_lines
    inner join names
        on
            proven_name(named_lines.user_name, named_lines.name_proof, null)
            = names.user_name
    left join guessing on named_lines.format = guessing.format
),

-- no two lines of this interval are a pause apart, so that it can count as one from
-- here on
busy as (
    select
        ip,
        account,
        witness,
        min(name_proof) as name_proof,
        min(start_time) as start_time,
        max(start_time) as end_time,
        min_by(event_id, start_time) as event_id,
        count(*) as event_count
    from on_lines
    group by
        ip, account, witness, floor(epoch(start_time) / (60 * $pause_minutes))
),

marked as (
    select
        *,
        coalesce(
            epoch(start_time) - epoch(lag(end_time) over told) > 60 * $pause_minutes,
            true
        )::int as is_first
    from busy
    window told as (partition by ip, account, witness order by start_time)
),

numbered as (
    select
        *,
        sum(is_first) over told as stretch
    from marked
    window
        told as (
            partition by ip, account, witness
            order by start_time
            rows between unbounded preceding and current row
        )
),

stretches as (
    select
        ip,
        account,
        witness,
        min(name_proof) as name_proof,
        min(start_time) as start_time,
        max(end_time) as end_time,
        min_by(event_id, start_time) as event_id,
        sum(event_count) as event_count
    from numbered
    group by ip, account, witness, stretch
),

-- at the address in the line; otherwise at those that the device held then
placed as (
    select
        coalesce(presences.ip, holders.ip) as ip,
        presences.account,
        presences.presence as witness,
        presences.name_proof,
        greatest(
            presences.start_time, coalesce(holders.start_time, presences.start_time)
        ) as start_time,
        least(presences.end_time, coalesce(holders.end_time, presences.end_time))
            as end_time,
        presences.event_id,
        1 as event_count
    from presences
    left join holders
        on
            presences.device = holders.device
            and presences.ip is null
            and coalesce(presences.mac = holders.mac, true)
            and presences.start_time < holders.end_time
            and presences.end_time > holders.start_time
),

seen as (
    select * from stretches
    union all
    select * from placed
    where ip is not null
)

select
    ip,
    account,
    witness,
    min(name_proof) as name_proof,
    start_time,
    max(end_time) as end_time,
    min(event_id) as event_id,
    sum(event_count)::bigint as event_count,
    $event_date::date as event_date
from seen
where end_time > $event_date::timestamptz - interval 1 day
group by ip, account, witness, start_time
