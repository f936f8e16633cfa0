/* ---
title: An account joined the network on another's device while its owner was elsewhere
summary: >
  A staff account joined the network (802.1X) on a device that is assigned to another
  person, and that device was used, while the owner's own device was in use in another
  building at the same minutes. A pair of account and device that is seen on several
  days is a saved login. Colleagues who help each other for ten minutes are in one
  building, so another device alone is not enough. The account is the subject; the logs
  do not show who used it.
code: SA-9
kind: shared_account
severity: high
stage: trial
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, presence]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv]
session_policy: {keyboard: nothing, network: finding, stock: nothing, nothing: nothing}
grain: [subject, event_date]
lookback: 14
lookahead: 7
params:
  event_date: {type: date}
  requests:
    type: int
    default: 6
    min: 3
    max: 200
    why: fewer may be a device that no one touched
  bins:
    type: int
    default: 2
    min: 1
    max: 50
    why: one burst is a device that wakes up; use spreads over time
  page_bytes:
    type: int
    default: 6000
    min: 0
    max: 100000
    unit: bytes
    why: a TLS handshake with its certificates takes 4 to 6 kB
  saved_days:
    type: int
    default: 4
    min: 2
    max: 14
    unit: days
    why: a login that a device sends on this many days is saved on it
  typed_minutes:
    type: int
    default: 2
    min: 1
    max: 15
    unit: minutes
    why: >-
      a person who types the password signs in to the cloud account, or at the
      keyboard, as well
  history_days:
    type: int
    default: 3
    min: 1
    max: 14
    unit: days
    why: with fewer earlier days in the logs, a first login may be an old one
columns:
  measure: {type: double, is: requests on the other person's device}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} joined the network on another person's device at {far_building} and
  was used there while its owner's own device was in use at {near_building}.
details:
  far_requests: int
  near_requests: int
  joined_days: int
  far_building: varchar
  near_building: varchar
  is_saved_login: boolean
  is_login_alone: boolean
explanations:
  - name: A login that is saved on that device
    test: is_saved_login
    ruled_out: the device sent this login on {joined_days:count day} only
    fits: the device sends this login day after day
    not_testable: the logs do not yet cover the week after it
  - name: A device that joined without its user
    test: is_login_alone
    ruled_out: >-
      the account signed in to its cloud account, or logged on at that device's
      keyboard, at that moment
    not_testable: no sign-in and no logon at the keyboard was logged at that moment
  - name: Ten minutes of help from a colleague
    by_design: only use in another building at the same minutes counts
  - machine
  - approved
refuted_by:
  - a device that is assigned to another person than the registry shows
  - a network that the registry puts in the wrong building
false_positives:
  - The device was lent and the registry does not show it.
  - The owner's own device was used by a colleague.
triage: >
  Have the password changed: the owner may not know. Let HR do the asking.
--- */
with

staff as (
    select
        account,
        person_id
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and person_id is not null
        and is_staff
        and not approved_shared
),

others_devices as (
    select
        device,
        assigned_to
    from identity.devices
    where
        event_date = $event_date::date
        and pool is null
        and assigned_to is not null
        and device_class in ('chromebook', 'laptop', 'desktop')
),

log_days as (
    select
        count(distinct event_date) filter (where event_date < $event_date::date)
            as earlier_days,
        max(event_date) >= $event_date::date + interval 6 day as has_week_after
    from identity.presences
    where
        event_date between $event_date::date - interval 14 day
        and $event_date::date + interval 7 day
        and presence = 'wifi'
        and logon_date = event_date
),

joins as (
    select
        joined.account,
        staff.person_id,
        joined.device,
        joined.start_time,
        joined.end_time,
        joined.event_id,
        joined.proof_event_id,
        joined.event_date
    from identity.presences as joined
    inner join staff on joined.account = staff.account
    inner join others_devices on joined.device = others_devices.device
    where
        joined.event_date between $event_date::date - interval 14 day
        and $event_date::date + interval 7 day
        and joined.logon_date = joined.event_date
        and joined.presence = 'wifi'
        and others_devices.assigned_to <> staff.person_id
),

pairs as (
    select
        account,
        device,
        count(distinct event_date) as joined_days,
        min(event_date) = $event_date::date as is_first
    from joins
    group by account, device
),

-- a sign-in to the cloud account, or a logon of the account at the keyboard of that
-- device, at the moment of the join: the password was typed
typed_joins as (
    select distinct joins.event_id
    from joins
    inner join identity.presences as typed
        on
            joins.account = typed.account
            and typed.start_time
            between joins.start_time - interval 1 minute * $typed_minutes
            and joins.start_time + interval 1 minute * $typed_minutes
    where
        typed.event_date = $event_date::date
        and (
            typed.presence = 'sign_in'
            or (
                typed.presence = 'keyboard'
                and typed.state = 'live'
                and typed.logon_kind = 'interactive'
                and typed.device = joins.device
            )
        )
),

todays as (
    select
        joins.*,
        pairs.joined_days,
        pairs.is_first,
        typed_joins.event_id is not null as is_typed
    from joins
    inner join pairs
        on joins.account = pairs.account and joins.device = pairs.device
    left join typed_joins on joins.event_id = typed_joins.event_id
    where joins.event_date = $event_date::date
),

background as (
    select url_hostname
    from identity.hosts
    where background_kind is not null
),

far as (
    select
        todays.account,
        todays.person_id,
        todays.device,
        todays.event_id as join_event_id,
        todays.proof_event_id,
        todays.joined_days,
        todays.is_first,
        todays.is_typed,
        min(requests.building) as building,
        min(requests.start_time) as start_time,
        max(requests.start_time) as end_time,
        count(*) as request_count,
        list_slice(list_sort(list(requests.event_id)), 1, 40) as evidence
    from todays
    inner join core.http_requests as requests
        on
            todays.device = requests.device
            and requests.start_time >= todays.start_time - interval 1 minute
            and requests.start_time < todays.end_time
    left join background on requests.url_hostname = background.url_hostname
    where
        requests.event_date = $event_date::date
        and requests.disposition = 'allowed'
        and requests.has_location
        and requests.bytes_in >= $page_bytes
        and not requests.is_ambiguous_time
        and background.url_hostname is null
    group by all
    having
        count(*) >= $requests
        and count(distinct epoch(requests.start_time)::bigint // 300) >= $bins
        and count(distinct requests.building) = 1
),

near as (
    select
        person_id,
        device,
        building,
        start_time,
        event_id
    from core.engaged_requests
    where
        event_date = $event_date::date
        and attribution_grade in ('A', 'B')
        and has_location
        and not is_ambiguous_time
        and device_owner = person_id
        and person_id in (select todays.person_id from todays)
),

at_both as (
    select
        far.account,
        far.device,
        far.join_event_id,
        far.proof_event_id,
        far.joined_days,
        far.is_first,
        far.is_typed,
        far.building,
        far.start_time,
        far.end_time,
        far.request_count,
        far.evidence,
        min(near.device) as near_device,
        min(near.building) as near_building,
        count(*) as near_count,
        list_slice(list_sort(list(near.event_id)), 1, 40) as near_evidence
    from far
    inner join near
        on
            far.person_id = near.person_id
            and far.device <> near.device
            and far.building <> near.building
            and near.start_time between far.start_time and far.end_time
    group by all
    having
        count(*) >= $requests
        and count(distinct epoch(near.start_time)::bigint // 300) >= $bins
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    sum(request_count)::double as measure,
    sorted_set(list(device) || list(near_device)) as observables,
    sorted_set(
        list(join_event_id)
        || coalesce(list(proof_event_id) filter (where proof_event_id is not null), [])
        || flatten(list(evidence))
        || flatten(list(near_evidence))
    ) as evidence,
    struct_pack(
        far_requests := sum(request_count)::bigint,
        near_requests := sum(near_count)::bigint,
        joined_days := max(joined_days),
        far_building := min(building),
        near_building := min(near_building),
        is_saved_login := case
            when max(joined_days) >= $saved_days then true
            when
                bool_and(is_first and is_typed)
                and max(log_days.earlier_days) >= $history_days
                then false
            when bool_and(log_days.has_week_after) then false
        end,
        is_login_alone := ruled_out_if(bool_or(is_typed))
    ) as details,
    $event_date::date as event_date
from at_both
cross join log_days
group by account
