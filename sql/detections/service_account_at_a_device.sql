/* ---
title: A service account was used at a device that people sit at
summary: >
  An account that the registry keeps for a service or a task was logged on at the
  keyboard of a computer or Chromebook, or let one into the network (802.1X). Tasks,
  services, servers and wall displays do not count, nor does a network login that many
  devices share. The account is at risk; the finding does not state who used it.
code: AN-21
kind: anomaly
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.7, cl.13c]
requires_fields: [presence]
requires_registry: [accounts.csv, devices.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  rare_days:
    type: int
    default: 3
    min: 1
    max: 13
    unit: days
    why: a kiosk signs itself on at each start, on more days of two weeks
  network_devices:
    type: int
    default: 5
    min: 2
    max: 1000
    unit: devices
    why: a login that a district gives its devices for the network is on more than a few
columns:
  measure: {type: double, is: number of sign-ins}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  The service account {account} [{logons?}was logged on {logons:count
  time}][{logons?}{joins?} and ][{joins?}joined the network {joins:count time}] at
  {devices:count device} that people sit at.
details:
  logons: int
  joins: int
  devices: int
  is_signed_out: boolean
  is_device_alone: boolean
explanations:
  - name: A device that signs itself on
    test: is_device_alone
    ruled_out: >-
      [{is_signed_out?}a person signed out, on a device where the account is rare and
      other people sign in][{!is_signed_out?}a screen was unlocked, or a Chromebook was
      signed in to]
    not_testable: >-
      a logon that a computer makes by itself, or a login that it keeps for the network,
      writes the same line
  - name: A task, a service, or the login that devices have for the network
    by_design: >-
      tasks and services are not logons at a keyboard, and an account that joins with
      many devices in a day is left out
refuted_by:
  - another kind of the account in the registry
  - an approval of the account for several people
false_positives:
  - A person sets up the service, with its own account.
triage: >
  Ask the office that maintains the service. If no one there used it, change its
  password.
--- */
with

services as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'service'
        and not approved_shared
),

devices as (
    select
        device,
        device_class
    from identity.devices
    where
        event_date = $event_date::date
        and device_class in ('desktop', 'laptop', 'chromebook', 'podium', 'lab_pc')
),

-- a computer that signs itself on does so at each start, alone, and does not sign out
seat_days as (
    select
        account,
        device,
        count(distinct event_date) as day_count
    from identity.presences
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and presence = 'keyboard'
        and state = 'live'
        and logon_date = event_date
    group by account, device
),

signed_out as (
    select seats.event_id
    from identity.presences as seats
    inner join seat_days
        on seats.account = seat_days.account and seats.device = seat_days.device
    where
        seats.event_date = $event_date::date
        and seats.presence = 'keyboard'
        and seats.ended_by = 'logoff'
        and seat_days.day_count <= $rare_days
        and exists (
            select 1
            from seat_days as others
            where
                others.device = seats.device and others.account <> seats.account
        )
),

logons as (
    select
        seen.account,
        seen.device,
        seen.start_time,
        seen.event_id,
        devices.device_class = 'chromebook'
        or coalesce(logons.activity = 'unlock', false) as is_shown,
        coalesce(signed_out.event_id is not null, false) as is_signed_out,
        false as is_join
    from core.presences as seen
    inner join devices on seen.device = devices.device
    left join core.logons as logons
        on
            seen.event_id = logons.event_id
            and logons.event_date = $event_date::date
    left join signed_out on seen.event_id = signed_out.event_id
    where
        seen.event_date = $event_date::date
        and seen.is_of_day
        and seen.presence = 'keyboard'
        and seen.state = 'live'
),

joins as (
    select
        seen.account,
        seen.device,
        seen.start_time,
        seen.event_id,
        false as is_shown,
        false as is_signed_out,
        true as is_join
    from identity.presences as seen
    inner join devices on seen.device = devices.device
    where
        seen.event_date = $event_date::date
        and seen.logon_date = $event_date::date
        and seen.presence = 'wifi'
),

used as (
    select * from logons
    union all
    select * from joins
    where account not in (
        select many.account from joins as many
        group by many.account
        having count(distinct many.device) >= $network_devices
    )
)

select
    used.account as subject,
    min(used.start_time) as start_time,
    max(used.start_time) as end_time,
    count(*)::double as measure,
    sorted_values(used.device) as observables,
    list_slice(sorted_values(used.event_id), 1, 30) as evidence,
    struct_pack(
        logons := count_if(not used.is_join)::bigint,
        joins := count_if(used.is_join)::bigint,
        devices := count(distinct used.device),
        is_signed_out := bool_or(used.is_signed_out),
        is_device_alone := ruled_out_if(
            bool_or(used.is_shown or used.is_signed_out)
        )
    ) as details,
    $event_date::date as event_date
from used
inner join services on used.account = services.account
group by used.account
