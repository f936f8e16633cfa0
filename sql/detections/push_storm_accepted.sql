/* ---
title: Several pushes were denied or unanswered, then one was accepted
summary: >
  Within an hour, a person's account was asked several times by push to confirm a
  sign-in from an outside address. The pushes were denied or unanswered at the phone,
  and then one was accepted. Neither the address nor its network was used by the account
  in the month before. A person who has the password and asks until the owner gives in
  leaves these lines. The account is at risk.
code: AN-23
kind: anomaly
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.13d, cl.5]
requires_fields: [sign_in_place, logons.extras]
once_filled: [system_events.extras]
requires_registry: [users.csv|accounts.csv]
data_sources: {logons: [duo, entra_signin], system_events: [okta]}
grain: [subject, event_date]
ends:
  of: judged
  by: [account]
  where:
    too few pushes before the one that was accepted: push_count >= $pushes
    an account that the logs do not know well: is_known
    an address that several accounts signed in from: not is_busy
    an address or network that the account used before: not is_used
lookback: 30
params:
  event_date: {type: date}
  pushes:
    type: int
    default: 4
    min: 2
    max: 100
    why: a person misses a push, or presses the wrong button, once or twice
  denied:
    type: int
    default: 2
    min: 1
    max: 100
    why: an owner who signs in denies a push once by mistake, and not again
  minutes:
    type: int
    default: 60
    min: 5
    max: 720
    unit: minutes
    why: an owner who waits for a push accepts or gives up within minutes
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
  start_time: {type: timestamptz, is: first push that was not accepted}
  end_time: {type: timestamptz, is: the push that was accepted}
  measure: {type: double, is: pushes that were not accepted}
  observables: {type: 'varchar[]', pii: indirect, is: the address outside}
claim: >-
  Account {account} accepted a push from an address that it did not use in the month
  before, after {pushes:count a push|# pushes} within {minutes:count minute} that it did
  not accept[{denied?}; {denied:count one was|# were} denied at the phone].
details:
  pushes: int
  denied: int
  minutes: int
  network_kind: varchar
  is_unattended: boolean
  is_changing_address: boolean
explanations:
  - name: A phone out of reach or just replaced, or a program that signs in again
    test: is_unattended
    ruled_out: '{denied} of the pushes were denied at the phone'
    not_testable: unanswered pushes look the same for each of these
  - name: A network whose addresses change
    test: is_changing_address
    ruled_out: a list has the address on a network of another kind
    fits: phones, relays and satellite links are given a new address each time
    not_testable: no list shows the kind of the network
  - name: A push that was missed or denied by mistake
    by_design: one or two pushes are not counted
  - name: A new place that colleagues use too
    by_design: an address that several accounts signed in from before is left out
refuted_by:
  - the owner began the sign-ins
  - a record of a test by the technology office
false_positives:
  - The owner signs in at a new place, and presses the wrong button more than once.
  - The technology office tests how accounts respond to pushes.
triage: >
  Ask the owner by telephone whether these sign-ins were the owner's. If not, change the
  password, end all sessions, and look for factors or mail rules that were added since.
--- */
with

answers as (
    select
        answers.event_id,
        answers.account,
        answers.source,
        answers.ip,
        answers.time,
        answers.answer,
        answers.event_date,
        places.network_kind
    from core.push_answers as answers
    inner join core.outside_places as places on answers.ip = places.ip
    where
        answers.event_date
        between $event_date::date - interval 1 day and $event_date::date
        and places.network_kind is distinct from 'egress'
),

signins as (
    select
        account,
        ip,
        time,
        event_date
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
),

accepted as (
    select *
    from answers
    where answer = 'accepted' and event_date = $event_date::date
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

storms as (
    select
        accepted.event_id as accepted_id,
        accepted.account,
        accepted.ip,
        accepted.network_kind,
        accepted.time as accepted_time,
        min(asked.time) as first_time,
        count(*) as push_count,
        count(*) filter (where asked.answer = 'denied') as denied_count,
        list(asked.event_id order by asked.time, asked.event_id) as asked_ids
    from accepted
    inner join answers as asked
        on
            accepted.account = asked.account
            and accepted.ip = asked.ip
            and accepted.source = asked.source
            and asked.time < accepted.time
            and asked.time >= accepted.time - to_minutes($minutes)
    where asked.answer <> 'accepted'
    group by
        accepted.event_id,
        accepted.account,
        accepted.ip,
        accepted.network_kind,
        accepted.time
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
    where signins.account in (select asked.account from storms as asked)
),

judged as (
    select
        storms.*,
        known.account is not null as is_known,
        busy.ip is not null as is_busy,
        exists(
            select 1
            from used
            where
                storms.account = used.account
                and networks.network = used.network
                and used.time < storms.first_time
        ) as is_used
    from storms
    inner join networks on storms.ip = networks.ip
    left join known on storms.account = known.account
    left join busy on storms.ip = busy.ip
)

select
    account as subject,
    first_time as start_time,
    accepted_time as end_time,
    push_count::double as measure,
    [ip] as observables,
    sorted_set(list_slice(asked_ids, 1, 40) || [accepted_id]) as evidence,
    struct_pack(
        pushes := push_count,
        denied := denied_count,
        minutes := greatest(
            1, ceil((epoch(accepted_time) - epoch(first_time)) / 60)
        )::bigint,
        network_kind := network_kind,
        is_unattended := ruled_out_if(denied_count >= $denied),
        is_changing_address := network_kind in ('mobile', 'relay', 'satellite')
    ) as details,
    $event_date::date as event_date
from judged
where push_count >= $pushes and is_known and not is_busy and not is_used
qualify row_number() over (partition by account order by accepted_time, accepted_id) = 1
