/* ---
title: A factor was reset or given out, then used from a place new to the account
summary: >
  A second factor of a person's account was enrolled by an administrator, or after a
  reset, and within a day the account signed in from an outside network that it had not
  used in the month before. A caller who persuades the help desk leaves these lines. A
  new phone that its owner enrolls without a reset is left out. The account is at risk.
code: AN-24
kind: anomaly
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.13d, cl.5]
requires_fields: [sign_in_place]
once_filled: [system_events.extras]
requires_registry: [users.csv|accounts.csv]
data_sources:
  system_events: [duo_administrators, entra_signin, google_workspace, okta]
grain: [subject, event_date]
ends:
  of: judged
  by: [account]
  where:
    an account that the logs do not know well: is_known
    an address that several accounts signed in from: not is_busy
    an address or network that the account used before: not is_used
lookback: 30
params:
  event_date: {type: date}
  reset_hours:
    type: int
    default: 24
    min: 1
    max: 168
    unit: hours
    why: a person whose factors were reset enrolls at the next sign-in
  used_hours:
    type: int
    default: 24
    min: 1
    max: 72
    unit: hours
    why: another person uses the factor before its owner notices
  present_hours:
    type: int
    default: 2
    min: 1
    max: 12
    unit: hours
    why: a person who comes to the help desk is in the building around that time
  rollout_accounts:
    type: int
    default: 10
    min: 2
    max: 1000
    unit: accounts
    why: at the beginning of school and with a new method many enroll on one day
  colleagues:
    type: int
    default: 3
    min: 1
    max: 100
    why: an address that several sign in from is a hotel, a course or an office
  learning_days:
    type: int
    default: 14
    min: 1
    max: 30
    unit: days
    why: what is usual for an account must be seen first
  learning_signins:
    type: int
    default: 10
    min: 1
    max: 100
    why: or this many sign-ins, whichever comes first
columns:
  start_time: {type: timestamptz, is: 'the reset, otherwise the enrollment'}
  end_time: {type: timestamptz, is: the sign-in from the new place}
  measure: {type: double, is: minutes from the enrollment to that sign-in}
  observables: {type: 'varchar[]', pii: indirect, is: the address outside}
claim: >-
  A second factor of account {account} was enrolled[{is_after_reset?} after a
  reset][{!is_after_reset?} by another account], and within {minutes:count minute} the
  account signed in from an address that it did not use in the month before.
details:
  minutes: int
  is_after_reset: boolean
  accounts: int
  network_kind: varchar
  is_in_person: boolean
  is_rollout: boolean
  is_changing_address: boolean
explanations:
  - name: A new phone, enrolled with the help desk in person
    test: is_in_person
    fits: the account was in use in a building, or through the district's connection
    ruled_out: the factor was enrolled from an address outside
    not_testable: no line shows where the person was at the enrollment
  - name: The beginning of school, or a new method for all
    test: is_rollout
    ruled_out: '{accounts:count account} had a factor enrolled that day'
  - name: A network whose addresses change
    test: is_changing_address
    ruled_out: a list has the address on a network of another kind
    fits: phones, relays and satellite links are given a new address each time
    not_testable: no list shows the kind of the network
  - name: A new place that colleagues use too
    by_design: an address that several accounts signed in from before is left out
refuted_by:
  - the help desk's ticket, confirmed by the owner
  - a record of a test by the technology office
false_positives:
  - The owner lost the phone on a trip, and called the help desk.
triage: >
  Ask the owner by telephone whether the factor and the sign-in were the owner's. If
  not, remove the factor, change the password and end all sessions. Then ask the help
  desk who called.
--- */
with

changes as (
    select *
    from core.factor_changes
    where
        event_date
        between $event_date::date - interval 8 day and $event_date::date
),

signins as (
    select
        event_id,
        account,
        ip,
        time,
        network_kind,
        event_date
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
),

places as (
    select
        ip,
        network_kind
    from core.outside_places
),

-- people who came to the building
on_site as (
    select
        account,
        start_time as time
    from core.engaged_requests
    where
        event_date
        between $event_date::date - interval 3 day and $event_date::date
        and has_location
        and account in (select changes.account from changes)
    union all
    select
        account,
        time
    from signins
    where network_kind = 'egress'
),

enrolled as (
    select
        factors.event_id,
        factors.account,
        factors.time,
        factors.event_date,
        arg_max(resets.event_id, (resets.time, resets.event_id)) as reset_id,
        min(resets.time) as reset_time,
        -- enrolled by its owner from outside, by the line itself
        bool_or(
            factors.is_by_owner
            and places.ip is not null
            and places.network_kind is distinct from 'egress'
        ) as is_from_outside
    from changes as factors
    left join changes as resets
        on
            factors.account = resets.account
            and resets.change = 'reset'
            and resets.time <= factors.time
            and resets.time >= factors.time - to_hours($reset_hours)
    left join places on factors.ip = places.ip
    where
        factors.change = 'enrolled'
        and (not factors.is_by_owner or resets.event_id is not null)
    group by factors.event_id, factors.account, factors.time, factors.event_date
),

rollouts as (
    select
        event_date,
        count(distinct account) as account_count
    from changes
    where change = 'enrolled'
    group by event_date
),

-- accounts that the logs know well enough before the day
known as (
    select account
    from signins
    where event_date < $event_date::date
    group by account
    having
        min(event_date) <= $event_date::date - to_days($learning_days)
        or count(*) >= $learning_signins
),

busy as (
    select ip
    from signins
    where event_date < $event_date::date
    group by ip
    having count(distinct account) > $colleagues
),

-- the first 24 bits of an IPv4 address, the first 64 of another: at home the last
-- part changes from week to week
networks as (
    select
        ip,
        left(address, if(starts_with(address, repeat('0', 20) || 'ffff'), 30, 16))
            as network
    from identity.addresses
    where address is not null
),

used as (
    select
        signins.account,
        signins.time,
        networks.network
    from signins
    inner join networks on signins.ip = networks.ip
    where signins.account in (select enrolled.account from enrolled)
),

judged as (
    select
        enrolled.event_id as enrolled_id,
        enrolled.account,
        enrolled.time as enrolled_time,
        enrolled.reset_id,
        coalesce(enrolled.reset_time, enrolled.time) as start_time,
        enrolled.is_from_outside,
        rollouts.account_count,
        signins.event_id as signin_id,
        signins.ip,
        signins.time,
        signins.network_kind,
        known.account is not null as is_known,
        busy.ip is not null as is_busy,
        exists(
            select 1
            from used
            where
                enrolled.account = used.account
                and networks.network = used.network
                and used.time < coalesce(enrolled.reset_time, enrolled.time)
        ) as is_used,
        exists(
            select 1
            from on_site
            where
                enrolled.account = on_site.account
                and on_site.time
                between enrolled.time - to_hours($present_hours)
                and enrolled.time + to_hours($present_hours)
        ) as is_on_site
    from enrolled
    inner join rollouts on enrolled.event_date = rollouts.event_date
    inner join signins
        on
            enrolled.account = signins.account
            and signins.time > enrolled.time
            and signins.time <= enrolled.time + to_hours($used_hours)
    inner join networks on signins.ip = networks.ip
    left join known on enrolled.account = known.account
    left join busy on signins.ip = busy.ip
    where
        signins.event_date = $event_date::date
        and signins.network_kind is distinct from 'egress'
)

select
    account as subject,
    start_time,
    time as end_time,
    round((epoch(time) - epoch(enrolled_time)) / 60, 0) as measure,
    [ip] as observables,
    sorted_set([reset_id, enrolled_id, signin_id]) as evidence,
    struct_pack(
        minutes := greatest(1, ceil((epoch(time) - epoch(enrolled_time)) / 60))::bigint,
        is_after_reset := reset_id is not null,
        accounts := account_count,
        network_kind := network_kind,
        is_in_person := case
            when is_on_site then true
            when is_from_outside then false
        end,
        is_rollout := account_count >= $rollout_accounts,
        is_changing_address := network_kind in ('mobile', 'relay', 'satellite')
    ) as details,
    $event_date::date as event_date
from judged
where is_known and not is_busy and not is_used
qualify row_number() over (partition by account order by time, signin_id) = 1
