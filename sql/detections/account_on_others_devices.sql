/* ---
title: An account at keyboards that were given to others
summary: >
  Within a week an account was logged on at the keyboards of devices that are assigned
  to several other people; or two accounts, on one day, each at the device of the
  other's owner. Help among colleagues, support and exchanged rooms look the same, so
  it is a lead for the analyst and names no one in a report. Shared stock, such as lab
  computers, carts and podiums, has no owner and does not count.
code: SA-L
kind: shared_account
severity: informational
stage: trial
base_confidence: C1
clauses: [cl.23]
requires_fields: [keyboard]
requires_registry: [users.csv|accounts.csv, devices.csv]
session_policy: {keyboard: lead, network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
lookback: 6
params:
  event_date: {type: date}
  people:
    type: int
    default: 2
    min: 1
    max: 50
    why: one colleague's device in a week is ordinary help
  beside_minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: who works in another building within it did not open the session
columns:
  measure: {type: double, is: people whose devices it was used on}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was logged on at {devices:count device} assigned to
  {people:count another person|# other people} within a week.[{swaps?} On the same day
  the other's account was at the owner's device.][{sessions?} From such a device
  {sessions:count remote session} opened while the owner's device was in use in another
  building.]
details:
  people: int
  devices: int
  swaps: int
  sessions: int
  is_administrator: boolean
  is_clock_wrong: boolean
explanations:
  - name: Help among colleagues, or support
    not_testable: logs do not know the reason
  - name: Rooms that were exchanged, each with the own account
    not_testable: an exchange of rooms and of accounts write the same lines
  - administrator
  - name: Shared stock
    by_design: pools, carts, labs and podiums are left out
  - clock
refuted_by:
  - a device that the registry assigns to another person
false_positives:
  - A person of the technology office, or a colleague who helps.
  - Two colleagues who exchanged rooms, each with the own account.
  - Devices that changed hands while the registry still names the former owner.
triage: >
  No action for this lead alone. Review it together with other findings on the account.
--- */
with

accounts as (
    select
        account,
        person_id
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and person_id is not null
        and not approved_shared
),

addresses as (
    select
        ip,
        device,
        start_time,
        end_time
    from identity.address_devices
    where event_date = $event_date::date
),

devices as (
    select
        device,
        assigned_to,
        building
    from identity.devices
    where
        event_date = $event_date::date
        and pool is null
        and assigned_to is not null
        and device_class in ('desktop', 'laptop')
),

-- remote desktop: the address is that of the computer where the person sits
opened as (
    select
        accounts.account,
        accounts.person_id,
        devices.device,
        devices.assigned_to,
        devices.building,
        sessions.time,
        sessions.event_id
    from core.logons as sessions
    inner join identity.account_names as names
        on sessions.user_name = names.user_name
    inner join accounts on names.account = accounts.account
    inner join addresses
        on
            sessions.src_ip = addresses.ip
            and sessions.time >= addresses.start_time
            and sessions.time < addresses.end_time
    inner join devices on addresses.device = devices.device
    where
        sessions.event_date = $event_date::date
        and sessions.activity = 'logon'
        and sessions.logon_kind = 'remote'
        and sessions.is_success
        and devices.assigned_to <> accounts.person_id
),

opened_elsewhere as (
    select distinct
        opened.account,
        opened.person_id,
        opened.device,
        opened.assigned_to,
        opened.time,
        opened.event_id
    from opened
    inner join core.engaged_requests as near
        on
            opened.person_id = near.person_id
            and near.device_owner = near.person_id
            and near.building <> opened.building
            and abs(epoch(near.start_time) - epoch(opened.time))
            <= 60 * $beside_minutes
    where
        near.event_date = $event_date::date
        and near.has_location
        and near.attribution_grade in ('A', 'B')
        and not near.is_ambiguous_time
),

used as (
    select
        logons.account,
        accounts.person_id,
        logons.device,
        logons.assigned_to,
        logons.start_time,
        logons.event_id,
        logons.is_clock_checked,
        logons.event_date,
        logons.event_date = $event_date::date as is_today,
        false as is_session
    from core.presences as logons
    inner join accounts
        on
            logons.account = accounts.account
            and accounts.person_id <> logons.assigned_to
    where
        logons.event_date
        between $event_date::date - interval 6 day and $event_date::date
        and logons.logon_kind = 'interactive'
        and logons.is_of_day
    union all
    select
        account,
        person_id,
        device,
        assigned_to,
        time as start_time,
        event_id,
        null as is_clock_checked,
        $event_date::date as event_date,
        true as is_today,
        true as is_session
    from opened_elsewhere
),

administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
),

swaps as (
    select
        here.account,
        here.assigned_to,
        here.event_date,
        list(there.event_id) as other_logons
    from used as here
    inner join used as there
        on
            here.person_id = there.assigned_to
            and here.assigned_to = there.person_id
            and here.event_date = there.event_date
    group by here.account, here.assigned_to, here.event_date
)

select
    used.account as subject,
    min(used.start_time) as start_time,
    max(used.start_time) as end_time,
    count(distinct used.assigned_to)::double as measure,
    sorted_values(used.device) as observables,
    sorted_set(
        list(used.event_id) || coalesce(flatten(list(swaps.other_logons)), []::bigint[])
    ) as evidence,
    struct_pack(
        people := count(distinct used.assigned_to),
        devices := count(distinct used.device),
        swaps := count(distinct swaps.assigned_to),
        sessions := count(distinct used.event_id) filter (where used.is_session),
        is_administrator := bool_or(administrators.account is not null),
        is_clock_wrong := ruled_out_if(bool_and(used.is_clock_checked))
    ) as details,
    $event_date::date as event_date
from used
left join administrators on used.account = administrators.account
left join swaps
    on
        used.account = swaps.account
        and used.assigned_to = swaps.assigned_to
        and used.event_date = swaps.event_date
group by used.account
-- reported once, on the day that completes it
having
    (
        count(distinct used.assigned_to) >= $people
        and count(distinct used.assigned_to) filter (where not used.is_today)
        < $people
    )
    or bool_or(used.is_session)
    or (
        count(swaps.assigned_to) > 0
        and count(swaps.assigned_to) filter (where not used.is_today) = 0
    )
