/* ---
title: A role account in use without approval for sharing
summary: >
  An account that belongs to a role, not to a person, and that the district has not
  approved for sharing, was logged on at the keyboards of devices of several people
  within a week, or joined the network with them (802.1X). Two people are enough if the
  person who keeps the account was at their own keyboard in another building just before
  and just after each of the logons, or if two logons in two buildings are closer than
  the drive: no one handed it over. The account is the subject; no person is named.
code: SA-5
kind: shared_account
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.23, cl.17, cl.13a]
requires_fields: [presence]
requires_registry: [users.csv|accounts.csv, devices.csv]
session_policy: {keyboard: finding, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
ends:
  of: used_today
  by: [account]
  passes: >-
    count(distinct assigned_to) >= $people
    or max(absent_people) >= $absent_people
    or bool_or(is_apart)
  having:
    too few people's devices: count(distinct assigned_to) >= $people
    the account's keeper was not seen elsewhere at enough of them: >-
      max(absent_people) >= $absent_people
    a drive explains its logons: bool_or(is_apart)
lookback: 6
params:
  event_date: {type: date}
  people:
    type: int
    default: 3
    min: 2
    max: 50
    why: two people may be a hand-over
  absent_people:
    type: int
    default: 2
    min: 2
    max: 50
    why: at one device the account's keeper may have left a password once
  beside_minutes:
    type: int
    default: 10
    min: 1
    max: 30
    unit: minutes
    why: a keeper who works in another building within it did not log on
columns:
  measure: {type: double, is: people whose devices it was used on}
claim: >-
  Account {account} was signed in on {devices} devices of {people} people within a
  week; no approval for sharing is on file.[{is_keeper_elsewhere?} The person who
  keeps it was at the keyboard in another building each time.][{is_faster_than_drive?}
  Two of the logons were closer than the drive between their buildings.]
details:
  people: int
  devices: int
  is_keeper_elsewhere: boolean
  is_faster_than_drive: boolean
  is_approved: boolean
  is_clock_wrong: boolean
explanations:
  - name: An account that the district lets several people use
    test: is_approved
    ruled_out: the list of accounts states that it is not approved for sharing
    not_testable: the list of accounts does not state whether it is approved for sharing
  - clock
refuted_by:
  - an approval of the account for several people
false_positives:
  - The account is approved and the registry does not say so.
triage: >
  Approve the account for its purpose in the registry, or close it.
--- */
with

accounts as (
    select
        account,
        person_id,
        is_sharing_decided
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'role_shared'
        and not approved_shared
),

used as (
    select
        logons.account,
        logons.device,
        logons.assigned_to,
        logons.start_time,
        logons.event_id,
        logons.is_clock_checked,
        accounts.is_sharing_decided,
        logons.event_date = $event_date::date as is_today
    from core.presences as logons
    inner join accounts on logons.account = accounts.account
    where
        logons.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and logons.logon_kind = 'interactive'
        and logons.is_of_day
        and logons.assigned_to is not null
    union
    -- a network login: saved on several people's devices it is shared as well
    select
        joins.account,
        joins.device,
        coalesce(devices.assigned_to, devices.usual_user) as assigned_to,
        joins.start_time,
        joins.event_id,
        true as is_clock_checked,
        accounts.is_sharing_decided,
        joins.event_date = $event_date::date as is_today
    from identity.presences as joins
    inner join accounts on joins.account = accounts.account
    inner join identity.devices as devices
        on joins.device = devices.device and joins.event_date = devices.event_date
    where
        joins.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and joins.presence = 'wifi'
        and joins.logon_date = joins.event_date
        and devices.pool is null
        and coalesce(devices.assigned_to, devices.usual_user) is not null
),

-- the building is that of the network in which the device then was
placed as (
    select
        used.account,
        used.assigned_to,
        used.event_id,
        used.start_time,
        accounts.person_id,
        places.building,
        buildings.campus,
        buildings.lat,
        buildings.lon
    from used
    inner join accounts on used.account = accounts.account
    inner join identity.address_devices as holders
        on
            used.device = holders.device
            and used.start_time >= holders.start_time
            and used.start_time < holders.end_time
    inner join identity.places as places on holders.ip = places.ip
    left join registry.buildings as buildings on places.building = buildings.building
    where
        coalesce(accounts.person_id <> used.assigned_to, true)
        and used.is_clock_checked
        and places.has_location
        and holders.event_date
        between $event_date::date - interval 6 day and $event_date::date
),

keepers as (
    select
        person_id,
        account,
        building,
        start_time,
        event_id
    from core.engaged_requests
    where
        event_date between $event_date::date - interval 6 day and $event_date::date
        and attribution_grade = 'A'
        and is_live
        and is_clock_checked
        and has_location
        and building is not null
        and device_owner = person_id
        and not is_ambiguous_time
        and person_id in (select accounts.person_id from accounts)
),

-- who keeps the account was at the own keyboard elsewhere, before and after the logon
absent as (
    select
        placed.account,
        placed.assigned_to,
        placed.event_id,
        arg_max(keepers.event_id, keepers.start_time) filter (
            where keepers.start_time <= placed.start_time
        ) as before_id,
        arg_min(keepers.event_id, keepers.start_time) filter (
            where keepers.start_time > placed.start_time
        ) as after_id
    from placed
    inner join keepers
        on
            placed.person_id = keepers.person_id
            and placed.account <> keepers.account
            and placed.building <> keepers.building
            and abs(epoch(keepers.start_time) - epoch(placed.start_time))
            <= 60 * $beside_minutes
    group by placed.account, placed.assigned_to, placed.event_id
    having before_id is not null and after_id is not null
),

-- no one person logged on at both
apart as (
    select
        one_logon.account,
        list(one_logon.event_id) || list(other_logon.event_id) as evidence
    from placed as one_logon
    inner join placed as other_logon
        on
            one_logon.account = other_logon.account
            and one_logon.assigned_to <> other_logon.assigned_to
            and one_logon.campus <> other_logon.campus
    where
        one_logon.start_time <= other_logon.start_time
        and epoch(other_logon.start_time) - epoch(one_logon.start_time)
        < drive_seconds(
            kilometers_nearby(
                one_logon.lat, one_logon.lon, other_logon.lat, other_logon.lon
            )
        )
        and one_logon.lat is not null
        and other_logon.lat is not null
    group by one_logon.account
),

absences as (
    select
        account,
        count(distinct assigned_to) as people,
        list(event_id) || list(before_id) || list(after_id) as evidence
    from absent
    group by account
),

-- on each day on which it is used
used_today as (
    select
        used.*,
        absences.people as absent_people,
        apart.account is not null as is_apart,
        coalesce(absences.evidence, []::bigint[])
        || coalesce(apart.evidence, []::bigint[]) as other_evidence
    from used
    left join absences on used.account = absences.account
    left join apart on used.account = apart.account
    where
        used.account in (
            select today.account
            from used as today
            where today.is_today
        )
)

select
    account as subject,
    min(start_time) filter (where is_today) as start_time,
    max(start_time) filter (where is_today) as end_time,
    count(distinct assigned_to)::double as measure,
    sorted_values(device) as observables,
    sorted_set(list(event_id) || any_value(other_evidence)) as evidence,
    struct_pack(
        people := count(distinct assigned_to),
        devices := count(distinct device),
        is_keeper_elsewhere := coalesce(
            max(absent_people) = count(distinct assigned_to), false
        ),
        is_faster_than_drive := bool_or(is_apart),
        is_approved := ruled_out_if(bool_and(is_sharing_decided)),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked))
    ) as details,
    $event_date::date as event_date
from used_today
group by account
having
    count(distinct assigned_to) >= $people
    or max(absent_people) >= $absent_people
    or bool_or(is_apart)
