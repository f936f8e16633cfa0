/* ---
summary: >
  Times at which two sources saw different people at one address: the proxy names
  one, the firewall or a keyboard another. Either may be late, shared or wrong, so
  an inferred account names no one there. Addresses that many devices share, and
  accounts that no person types, contradict no one.
grain: [ip, start_time, account, witness, other_account, other_witness, event_date]
params:
  event_date: {type: date}
columns:
  ip: varchar
  account: {type: varchar, pii: direct, is: account by one source}
  witness: {type: varchar, is: 'that source; see identity.account_addresses'}
  other_account: {type: varchar, pii: direct, is: account by the other}
  other_witness: {type: varchar, is: the other source}
  start_time: {type: timestamptz, is: both say so from here}
  end_time: {type: timestamptz, is: 'to here, included'}
  event_id: {type: bigint, is: first event of the one}
  other_event_id: {type: bigint, is: first event of the other}
  event_date: {type: date, is: local day that the row serves}
--- */
with

seen as (
    select *
    from identity.account_addresses
    where event_date = $event_date::date
),

accounts as (
    select
        account,
        account_type,
        person_id
    from identity.accounts
    where event_date = $event_date::date
),

crowded as (
    select ip
    from identity.places
    where net_kind in ('nat', 'vdi', 'server')
),

claims as (
    select
        seen.*,
        coalesce(accounts.person_id, seen.account) as principal
    from seen
    left join accounts on seen.account = accounts.account
    left join crowded on seen.ip = crowded.ip
    where
        crowded.ip is null
        and coalesce(accounts.account_type, 'person') not in ('service', 'device')
),

-- most addresses are one person's all day
disputed as (
    select ip
    from claims
    group by ip
    having count(distinct principal) > 1 and count(distinct witness) > 1
),

candidates as (
    select claims.*
    from claims
    inner join disputed on claims.ip = disputed.ip
)

select
    one.ip,
    one.account,
    one.witness,
    other.account as other_account,
    other.witness as other_witness,
    greatest(one.start_time, other.start_time) as start_time,
    max(least(one.end_time, other.end_time)) as end_time,
    min(one.event_id) as event_id,
    min(other.event_id) as other_event_id,
    $event_date::date as event_date
from candidates as one
inner join candidates as other
    on
        one.ip = other.ip
        and one.witness < other.witness
        and one.principal <> other.principal
        and one.start_time <= other.end_time
        and other.start_time <= one.end_time
group by
    one.ip,
    one.account,
    one.witness,
    other.account,
    other.witness,
    greatest(one.start_time, other.start_time)
