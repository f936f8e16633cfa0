/* ---
title: An account was used at two keyboards at the same time
summary: >
  Engaged requests of one owner alternate, within two minutes each time, between
  the owner's own desktop and one that is another's or a student lab's, with both
  keyboards live. They are on one campus, or no distance between them is known. What can
  be carried into the same room, what is for everyone, and a session of remote desktop
  never count.
code: SA-4
kind: shared_account
severity: medium
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, keyboard]
requires_registry: [users.csv|accounts.csv, devices.csv]
session_policy: {keyboard: finding, network: nothing, stock: nothing, nothing: nothing}
grain: [subject, event_date]
params:
  event_date: {type: date}
  turns:
    type: int
    default: 6
    min: 2
    max: 100
    why: one person does not walk between two rooms six times in minutes
  gap_seconds:
    type: int
    default: 120
    min: 10
    max: 600
    unit: seconds
    why: walking between rooms takes more than a minute each way
columns:
  measure: {type: double, is: turns}
claim: >-
  Account {account} was used on its owner's device and on at least one other
  [{buildings?}at {buildings:names} ]at about the same time: {turns} switches within two
  minutes each.
details:
  turns: int
  shortest_gap_seconds: double
  buildings: varchar[]
  is_administrator: boolean
  is_clock_wrong: boolean
explanations:
  - administrator
  - name: A device on loan, or one that everyone uses
    by_design: >-
      podiums, kiosks and workrooms are left out; the registry names the owner
  - shared: live
    by_design: >-
      only use counts while a logon or unlock without a lock since shows a live keyboard
  - clock
  - remote
  - shared: network
    by_design: >-
      VPN, NAT and virtual desktops of the registry do not count; on a network that it
      lacks, the log of each computer itself names the account
  - machine
  - approved
refuted_by:
  - a device that is assigned to another person than the registry shows
false_positives:
  - The second device is on loan to the owner and the registry does not say so.
  - Two people work together and one types for the other.
  - The owner works at a desk of the district from afar, with a tool that writes no
    remote logon.
triage: >
  Find out who uses the second device now. Do not question anyone yourself.
--- */
with

seen as (
    select
        event_id,
        account,
        coalesce(person_id, account) as owner,
        device,
        building,
        campus,
        lat,
        start_time,
        session_event_id,
        binding_event_id,
        is_clock_checked,
        -- only a device that stays in its room: a laptop may lie next to the other
        -- keyboard
        coalesce(
            device_owner = person_id
            and device_class = 'desktop'
            and device_pool is null,
            false
        ) as is_own,
        coalesce(
            device_owner <> person_id
            and device_class = 'desktop'
            and device_pool is null,
            false
        )
        or (
            device_class = 'lab_pc'
            and coalesce(device_owner <> person_id, true)
        ) as is_foreign
    from core.engaged_requests
    where
        event_date = $event_date::date
        and attribution_grade = 'A'
        -- neither keyboard moves, so an unlisted network is good enough
        and (has_location or net_kind is null)
        and is_live
        and not is_ambiguous_time
        and device_class not in ('podium', 'kiosk', 'signage', 'server', 'vdi_host')
),

-- an account needs a keyboard of each kind
requests as (
    select *
    from seen
    where owner in (
        select others.owner
        from seen as others
        group by others.owner
        having bool_or(others.is_own) and bool_or(others.is_foreign)
    )
),

stepped as (
    select
        *,
        lag(requests) over in_order as previous
    from requests
    window in_order as (partition by owner order by start_time, event_id)
),

-- an account that looks after computers
administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
),

turns as (
    select
        stepped.*,
        administrators.account is not null as is_administrators
    from stepped
    left join administrators on stepped.account = administrators.account
    where
        device <> previous['device']
        -- the drive is judged where its length is known
        and (
            coalesce(campus = previous['campus'], true)
            or lat is null
            or previous['lat'] is null
        )
        and ((is_own and previous['is_foreign']) or (is_foreign and previous['is_own']))
        and epoch(start_time) - epoch(previous['start_time']) < $gap_seconds
)

select
    min(account) as subject,
    min(previous['start_time']) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_set(list(device) || list(previous['device'])) as observables,
    evidence_of_switches(turns, previous) as evidence,
    struct_pack(
        turns := count(*),
        shortest_gap_seconds := round(
            min(epoch(start_time) - epoch(previous['start_time'])), 1
        ),
        buildings := sorted_values(building),
        is_administrator := bool_or(is_administrators),
        is_clock_wrong := ruled_out_if(
            bool_and(is_clock_checked and previous['is_clock_checked'])
        )
    ) as details,
    $event_date::date as event_date
from turns
group by owner
having count(*) >= $turns
