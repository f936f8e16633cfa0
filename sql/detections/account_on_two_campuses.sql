/* ---
title: An account was used on two campuses at the same time
summary: >
  Engaged requests of one owner alternate between devices on different campuses
  faster than anyone can travel, several times in one day, while the keyboard
  is live on both. One stale lease or skewed clock makes two such turns at most.
code: SA-1
kind: shared_account
severity: high
base_confidence: C3
clauses: [cl.23, cl.17]
requires_fields: [whose_request, presence]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv, buildings.csv:lat]
session_policy: {keyboard: finding, network: finding, stock: finding, nothing: lead}
grain: [subject, event_date]
ends:
  of: shown
  by: [owner]
  having:
    too few turns: count(*) >= $turns
params:
  event_date: {type: date}
  travel_share:
    type: double
    default: 0.6
    min: 0.1
    max: 1
    why: the straight line at 75 km/h is a lower bound already; this doubles the margin
  turns:
    type: int
    default: 4
    min: 2
    max: 50
    why: two full turns there and back; one stale lease or late line makes at most two
  silent_minutes:
    type: int
    default: 90
    min: 15
    max: 1440
    unit: minutes
    why: a device that is awake makes a request within it; one that slept joins again
columns:
  measure: {type: double, is: turns faster than travel}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} was used at {buildings:names} at about the same time: {turns}
  switches between them, each faster than the drive of at least
  {travel_seconds:duration}.
details:
  turns: int
  shortest_gap_seconds: double
  longest_gap_seconds: double
  travel_seconds: double
  kilometers: double
  buildings: varchar[]
  is_drive_possible: boolean
  is_lease_stale: boolean
  is_name_kept: boolean
  is_computer_moved: boolean
  is_administrator: boolean
  is_left_open: boolean
  is_clock_wrong: boolean
explanations:
  - shared: drive
    says: >-
      {shortest_gap_seconds:seconds} apart; the drive takes at least
      {travel_seconds:duration}
  - name: A stale address lease or a late log line
    test: is_lease_stale
    ruled_out: >-
      {turns} switches, and a lease, a login or a logon shows each device right before
      its use; one late line makes at most two
    fits: '{turns} switches; one stale lease or late line makes at most two'
  - name: A name that the firewall kept for the address
    test: is_name_kept
    ruled_out: >-
      on each side a login, a keyboard or the network itself names the account, too
    not_testable: >-
      on one side only the firewall's name of the address and the inventory name the
      account; a name stays until another one replaces it
  - name: A computer that is in another place than its network shows
    test: is_computer_moved
    ruled_out: the inventory has each device
    not_testable: >-
      the inventory does not have one of the devices, so that its network alone shows
      where it is
  - administrator
  - live
  - remote
  - clock
  - network
  - machine
  - approved
refuted_by:
  - a network that the registry puts in the wrong building
  - a device that belongs to another building than the registry shows
false_positives:
  - A network in the registry belongs to another building than listed.
  - The owner works at a desk of the district from afar, with a tool that writes no
    remote logon.
triage: >
  Have the password changed: the owner may not know of it. Do not question
  anyone yourself.
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
        lon,
        start_time,
        is_used or is_live_known as is_live_known,
        is_clock_checked,
        session_event_id,
        binding_event_id
    from core.engaged_requests
    where
        event_date = $event_date::date
        and (attribution_grade = 'A' or is_given)
        and has_location
        and is_paced
        and not is_ambiguous_time
        -- where a device writes no logons, only one that is nothing without its user
        -- counts: a phone left behind goes on asking by itself
        and (
            is_used
            or (
                not is_live_known
                and device_class in (
                    'desktop', 'laptop', 'chromebook', 'podium', 'lab_pc'
                )
            )
        )
),

-- an account seen on one campus has not moved
requests as (
    select *
    from seen
    where owner in (
        select others.owner
        from seen as others
        group by others.owner
        having min(others.campus) <> max(others.campus)
    )
),

stepped as (
    select
        *,
        lag(requests) over in_order as previous
    from requests
    window in_order as (partition by owner order by start_time, event_id)
),

moved as (
    select
        *,
        epoch(start_time) - epoch(previous['start_time']) as gap_seconds,
        kilometers_nearby(lat, lon, previous['lat'], previous['lon']) as kilometers
    from stepped
    where device <> previous['device'] and campus <> previous['campus']
),

timed as (
    select
        *,
        drive_seconds(kilometers) as travel_seconds
    from moved
),

-- an account that looks after computers
administrators as (
    select account
    from core.administrators
    where event_date = $event_date::date
),

turns as (
    select
        timed.*,
        administrators.account is not null as is_administrators
    from timed
    left join administrators on timed.account = administrators.account
    where gap_seconds < $travel_share * travel_seconds
),

-- another machine may use the address of a device that left: what a device did after a
-- long silence is its own where a lease, a login or a logon of it came first
both_devices as (
    select device
    from turns
    union
    select previous['device'] as device
    from turns
),

-- named by the firewall's mapping and the inventory alone
kept as (
    select requests.event_id
    from core.http_requests as requests
    inner join both_devices on requests.device = both_devices.device
    where
        requests.event_date = $event_date::date
        and requests.attribution_facts = 'mapping + inventory'
),

traces as (
    select
        requests.device,
        requests.start_time as time,
        coalesce(requests.device_basis <> 'lease', true) as is_sign
    from core.http_requests as requests
    inner join both_devices on requests.device = both_devices.device
    where requests.event_date = $event_date::date
    union all
    select
        holders.device,
        holders.start_time as time,
        true as is_sign
    from identity.address_holders as holders
    inner join both_devices on holders.device = both_devices.device
    where holders.event_date = $event_date::date
    union all
    select
        presences.device,
        presences.start_time as time,
        true as is_sign
    from identity.presences as presences
    inner join both_devices on presences.device = both_devices.device
    where presences.event_date = $event_date::date
),

parted as (
    select
        *,
        epoch(time) - epoch(lag(time) over of_device) > 60 * $silent_minutes as is_first
    from traces
    window of_device as (partition by device order by time, is_sign desc)
),

awake as (
    select
        *,
        count_if(is_first) over (
            partition by device
            order by time, is_sign desc
            rows between unbounded preceding and current row
        ) as span
    from parted
),

proven as (
    select
        device,
        min(time) as start_time,
        max(time) + interval 1 minute * $silent_minutes as end_time
    from awake
    group by device, span
    having bool_or(is_sign)
    union all
    -- an open session, which a computer that is carried away locks
    select
        presences.device,
        presences.start_time,
        presences.end_time
    from identity.presences as presences
    inner join both_devices on presences.device = both_devices.device
    where
        presences.event_date = $event_date::date
        and presences.presence = 'keyboard'
        and presences.state = 'live'
),

shown as (
    select turns.*
    from turns
    semi join proven as here
        on
            turns.device = here.device
            and turns.start_time between here.start_time and here.end_time
    semi join proven as there
        on
            turns.previous['device'] = there.device
            and turns.previous['start_time'] between there.start_time and there.end_time
)

select
    min(account) as subject,
    min(previous['start_time']) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_set(list(device) || list(previous['device'])) as observables,
    evidence_of_switches(shown, previous) as evidence,
    struct_pack(
        turns := count(*),
        shortest_gap_seconds := round(min(gap_seconds), 1),
        longest_gap_seconds := round(max(gap_seconds), 1),
        travel_seconds := round(min(travel_seconds), 0),
        kilometers := round(min(kilometers), 1),
        buildings := sorted_values(building),
        is_drive_possible := round(min(gap_seconds), 1)
        >= round(min(travel_seconds), 0),
        -- whatever the least count of turns is set to
        is_lease_stale := count(*) < 4,
        is_name_kept := ruled_out_if(
            not bool_or(
                event_id in (select kept.event_id from kept)
                or previous['event_id'] in (select kept.event_id from kept)
            )
        ),
        is_computer_moved := ruled_out_if(
            not bool_or(
                is_unlisted_card(device) or is_unlisted_card(previous['device'])
            )
        ),
        is_administrator := bool_or(is_administrators),
        is_left_open := ruled_out_if(
            bool_and(is_live_known and previous['is_live_known'])
        ),
        is_clock_wrong := ruled_out_if(
            bool_and(is_clock_checked and previous['is_clock_checked'])
        )
    ) as details,
    $event_date::date as event_date
from shown
group by owner
having count(*) >= $turns
