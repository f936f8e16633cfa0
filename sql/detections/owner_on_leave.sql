/* ---
title: An account worked on site during its owner's leave
summary: >
  Engaged requests from inside a building, with a user at the device, while the owner's
  approved leave covers the time. Several sites and five-minute bins keep automatic
  sign-ons and restored tabs out; on another person's device a logon during the leave
  does, and less use counts. On the owner's own device the leave record may be wrong,
  and people come in and go home ill: on a full day of leave it is a lead, unless use
  began in the middle of the owner's hours while a substitute was in or the account was
  in use in another place at the same time. It is a lead, too, if use continues across
  the edge of a half-day leave, if it is of a laptop or Chromebook that the owner
  carries on a half day of leave, or if all of it is before or after the hours in which
  nearly all others work on site. A device without a holder on file may be the owner's,
  and so may a device that a person without a device on file uses on other days: two
  people share a post, or a person works with the stock. Where the inventory does not
  have the device, the owner may have carried it.
code: SA-3
kind: shared_account
severity: low
severity_raised: [{to: high, fact: is_other_device}, {to: medium, fact: is_part_day}]
base_confidence: C2
clauses: [cl.23, cl.17]
requires_fields: [whose_request, presence]
requires_registry: [users.csv|accounts.csv, devices.csv, subnets.csv, leave.csv]
session_policy:
  {keyboard: finding, network: lead, stock: finding, nothing: nothing}
grain: [subject, event_date]
ends:
  of: placed
  by: [account]
  passes: >-
    (
      count(*) >= $requests
      and count(distinct site) >= $sites
      and count(distinct floor(epoch(start_time) / 300)) >= $bins
    )
    or (
      count_if(coalesce(not is_own, false) and is_logged_on) >= $other_requests
      and count(distinct site) filter (where not is_own and is_logged_on)
      >= $other_sites
      and epoch(max(start_time) filter (where not is_own and is_logged_on))
      - epoch(min(start_time) filter (where not is_own and is_logged_on))
      >= $other_seconds
    )
  having:
    too few requests: count(*) >= $requests
    too few sites: count(distinct site) >= $sites
    too few stretches of five minutes: >-
      count(distinct floor(epoch(start_time) / 300)) >= $bins
params:
  event_date: {type: date}
  requests:
    type: int
    default: 8
    min: 3
    max: 200
    why: a few requests may come from an unattended machine
  sites:
    type: int
    default: 3
    min: 1
    max: 50
    why: a person moves between sites, a restored tab does not
  bins:
    type: int
    default: 3
    min: 1
    max: 50
    why: an automatic sign-on makes one burst; work spreads over time
  other_requests:
    type: int
    default: 4
    min: 3
    max: 200
    why: a person who logged on at another's device is there; a few pages are use
  other_sites:
    type: int
    default: 2
    min: 1
    max: 50
    why: as for requests
  other_seconds:
    type: int
    default: 120
    min: 30
    max: 3600
    unit: seconds
    why: an automatic sign-on takes a minute
  middle_minutes:
    type: int
    default: 60
    min: 15
    max: 360
    unit: minutes
    why: people who come in and go home ill arrive when the others do
  beside_minutes:
    type: int
    default: 30
    min: 1
    max: 120
    unit: minutes
    why: use in two places within half an hour is of one time
  edge_minutes:
    type: int
    default: 30
    min: 5
    max: 120
    unit: minutes
    why: a person who stays on does not pause longer
  tail_share:
    type: double
    default: 0.05
    min: 0
    max: 0.25
    why: the day's work begins and ends with few people and a few of the requests
  clock_hours:
    type: int
    default: 8
    min: 1
    max: 12
    unit: hours
    why: >-
      the largest error of a clock is a zone that the log does not state; on the Pacific
      coast it is eight hours
  people:
    type: int
    default: 5
    min: 2
    max: 100
    why: the hours of fewer people are not the hours of the work day
columns:
  measure: {type: double, is: engaged requests during leave}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim:
  - when: [is_other_device]
    says: >-
      Account {account} was in use at {buildings:names} while its owner was on approved
      {part:map am=morning|pm=afternoon|full-day} leave: {requests} requests to {sites}
      sites.
  - when: [is_holder_unknown]
    says: >-
      Account {account} was in use at {buildings:names} on a device without a holder on
      file during approved {part:map am=morning|pm=afternoon|full-day} leave of its
      owner: {requests} requests to {sites} sites. Is the leave record right?
  - says: >-
      Account {account} was in use on its owner's own device at {buildings:names} during
      approved {part:map am=morning|pm=afternoon|full-day} leave: {requests} requests to
      {sites} sites. Is the leave record right?
details:
  requests: int
  sites: int
  bins: int
  part: varchar
  has_substitute: boolean
  buildings: varchar[]
  is_own_device: boolean
  is_other_device: boolean
  is_holder_unknown: boolean
  is_elsewhere: boolean
  is_midday: boolean
  is_owner_possible: boolean
  is_part_day: boolean
  is_owner_there: boolean
  is_carried: boolean
  is_after_work: boolean
  is_login_kept: boolean
  is_deep_in_leave: boolean
  is_clock_wrong: boolean
explanations:
  - name: The owner came in on a day of leave, or went home ill
    test: is_owner_possible
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{is_elsewhere?}the account was in use in another place at the same
      time][{is_midday?}use of the device began in the middle of the day, while
      a substitute was in][{is_part_day?}the leave is for half a
      day, which is not entered afterward]
    fits: >-
      all use was of the owner's own device, and no substitute was in then; leave is
      often entered for the whole day
    not_testable: the registry names no holder of the device
  - name: The owner stayed on, or arrived early
    test: is_owner_there
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}use did not continue across the start or the end of the
      leave]
    fits: use of the owner's own device continued across the edge of the leave
    not_testable: the registry names no holder of the device
  - name: The owner worked on a half day of leave
    test: is_carried
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}the leave covers the full day, or the device is not
      carried]
    fits: >-
      all use was of the owner's own laptop or Chromebook, and the owner was expected on
      site for the other half of the day
    not_testable: the registry names no holder of the device
  - name: The owner came in before or after the day's work
    test: is_after_work
    ruled_out: >-
      [{is_other_device?}another device than the owner's was in
      use][{!is_other_device?}some of it was in the hours in which others work on site]
    fits: >-
      all use was of the owner's own device, before or after the hours in which others
      work on site
    not_testable: the registry names no holder of the device
  - name: A login that the device kept from before the leave
    test: is_login_kept
    ruled_out: >-
      the account was not in use on that device before the leave on that day, or logged
      on at its keyboard during the leave
    fits: >-
      the account was in use on the same device before the leave on that day, and no one
      logged on at its keyboard during the leave
  - name: Leave that was called off or covered another part of the day
    by_design: the leave record is approved and covers the time
  - name: An automatic sign-on after a restart
    by_design: requests spread over several sites and five-minute stretches
  - shared: live
    by_design: >-
      only use counts while a logon, an unlock or a device that was woken shows a person
      there
  - remote
  - shared: clock
    ruled_out: >-
      [{is_deep_in_leave?}all use was hours after the beginning of the leave and before
      its end, more than a clock may differ][{!is_deep_in_leave?}the hosts' clocks agree
      with another log's]
  - machine
  - approved
refuted_by:
  - a leave record that is canceled or moved
  - extra duty on that day
false_positives:
  - The leave was called off and the record not changed.
  - The owner came in during leave.
triage: >
  Check the leave record first. Do not question anyone yourself.
--- */
with

holders as (
    select distinct assigned_to as person_id
    from identity.devices
    where event_date = $event_date::date and assigned_to is not null
),

-- the device of a shared post is on file for one of its two people
posts as (
    select
        account,
        device
    from core.shared_posts
    where event_date = $event_date::date
),

engaged as (
    select
        requests.*,
        -- null where the registry has no holder: the device may be the owner's
        case
            when
                requests.device_pool is null
                and requests.device_owner = requests.person_id
                then true
            when holders.person_id is null and posts.account is not null then null
            when requests.device_pool is not null then false
            else requests.device_owner = requests.person_id
        end as is_own
    from core.engaged_requests as requests
    left join holders on requests.person_id = holders.person_id
    left join posts
        on requests.account = posts.account and requests.device = posts.device
    where
        requests.event_date = $event_date::date
        and (requests.attribution_grade = 'A' or requests.is_given)
        and requests.is_used
        and not requests.is_ambiguous_time
        and requests.person_id is not null
),

requests as (
    select *
    from engaged
    where has_location
),

leave as (
    select
        person_id,
        start_time,
        end_time,
        part,
        substitute_person_id
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
),

duty as (
    select
        person_id,
        start_time,
        end_time
    from registry.duty_windows
    where event_date = $event_date::date and kind = 'extra'
),

-- the hours that the owner would have worked
shifts as (
    select
        person_id,
        min(start_time) as start_time,
        max(end_time) as end_time
    from registry.duty_windows
    where event_date = $event_date::date and kind = 'contract'
    group by person_id
),

-- the hours in which nearly all requests from buildings were made that day
work as (
    select
        quantile_disc(start_time, $tail_share) as first_time,
        quantile_disc(start_time, 1 - $tail_share) as last_time
    from requests
    having count(distinct person_id) >= $people
),

during as (
    select
        requests.*,
        leave.start_time as leave_start,
        leave.end_time as leave_end,
        leave.part,
        leave.substitute_person_id is not null as has_substitute
    from requests
    inner join leave
        on
            requests.person_id = leave.person_id
            and requests.start_time >= leave.start_time
            and requests.start_time < leave.end_time
    left join duty
        on
            requests.person_id = duty.person_id
            and requests.start_time >= duty.start_time
            and requests.start_time < duty.end_time
    where duty.person_id is null
),

-- a person who stays on when the leave begins, or arrives before it ends, does not
-- pause at its edge
edges as (
    select
        during.account,
        during.device,
        during.leave_start,
        during.leave_end,
        max(requests.start_time) filter (
            where requests.start_time < during.leave_start
        ) as last_before,
        min(requests.start_time) filter (
            where requests.start_time >= during.leave_end
        ) as first_after,
        min(during.start_time) as first_in,
        max(during.start_time) as last_in
    from during
    inner join requests
        on during.account = requests.account and during.device = requests.device
    where during.part <> 'full'
    group by
        during.account, during.device, during.leave_start, during.leave_end
),

-- the account in use away from the building at the same time
elsewhere as (
    select distinct
        during.account,
        during.device
    from during
    inner join engaged as others
        on
            during.person_id = others.person_id
            and during.device <> others.device
            and abs(epoch(during.start_time) - epoch(others.start_time))
            <= 60 * $beside_minutes
    where
        others.net_kind = 'remote'
        or (others.has_location and others.campus <> during.campus)
    union
    select distinct
        during.account,
        during.device
    from during
    inner join core.outside_signins as sign_ins
        on
            during.account = sign_ins.account
            and sign_ins.event_date = $event_date::date
            and sign_ins.network_kind = 'residential'
            and abs(epoch(during.start_time) - epoch(sign_ins.time))
            <= 60 * $beside_minutes
),

-- a person who logged on in the morning may open the first page later
arrivals as (
    select
        account,
        device,
        min(start_time) as first_time
    from (
        select
            account,
            device,
            start_time
        from requests
        union all
        select
            account,
            device,
            start_time
        from core.presences
        where event_date = $event_date::date and state = 'live' and is_of_day
    ) as signs
    group by account, device
),

logons as (
    select
        event_id,
        time
    from core.logons
    where event_date = $event_date::date and logon_kind = 'interactive'
),

-- a saved login joins the network again by itself, in any hands
earlier as (
    select distinct
        account,
        device
    from edges
    where last_before is not null
),

stayed as (
    select
        account,
        bool_and(
            coalesce(
                epoch(first_in) - epoch(last_before) <= 60 * $edge_minutes, false
            )
            or coalesce(
                epoch(first_after) - epoch(last_in) <= 60 * $edge_minutes, false
            )
        ) as is_staying
    from edges
    group by account
),

placed as (
    select
        during.*,
        coalesce(stayed.is_staying, false) as is_staying,
        elsewhere.account is not null as is_elsewhere,
        coalesce(
            arrivals.first_time
            >= work.first_time + interval 1 minute * $middle_minutes
            -- not for an event after the day's work
            and during.start_time <= work.last_time
            and arrivals.first_time
            between shifts.start_time + interval 1 minute * $middle_minutes
            and shifts.end_time
            -- an owner who felt better came in; not to a class that another one has
            and during.has_substitute,
            false
        ) as is_midday,
        coalesce(
            during.start_time not between work.first_time and work.last_time, false
        ) as is_after_work,
        during.part <> 'full' as is_part_day,
        during.part <> 'full'
        and coalesce(during.device_class in ('laptop', 'chromebook'), true)
            as is_carried,
        least(
            epoch(during.start_time) - epoch(during.leave_start),
            epoch(during.leave_end) - epoch(during.start_time)
        ) >= 3600 * $clock_hours as is_deep_in_leave,
        coalesce(
            logons.time between during.leave_start and during.leave_end, false
        ) as is_logged_on,
        earlier.account is not null as is_used_earlier
    from during
    left join stayed on during.account = stayed.account
    left join elsewhere
        on during.account = elsewhere.account and during.device = elsewhere.device
    left join arrivals
        on during.account = arrivals.account and during.device = arrivals.device
    left join shifts on during.person_id = shifts.person_id
    left join earlier
        on during.account = earlier.account and during.device = earlier.device
    left join work on true
    left join logons on during.session_event_id = logons.event_id
)

select
    account as subject,
    min(start_time) as start_time,
    max(start_time) as end_time,
    count(*)::double as measure,
    sorted_values(device) as observables,
    sorted_set(
        flatten(list([event_id, session_event_id, binding_event_id]))
    ) as evidence,
    struct_pack(
        requests := count(*),
        sites := count(distinct site),
        bins := count(distinct floor(epoch(start_time) / 300)),
        part := min(part),
        has_substitute := bool_or(has_substitute),
        buildings := sorted_values(building),
        is_own_device := bool_and(coalesce(is_own, false)),
        is_other_device := bool_or(coalesce(not is_own, false)),
        is_holder_unknown := not bool_or(coalesce(not is_own, false))
        and not bool_and(coalesce(is_own, false)),
        is_elsewhere := bool_or(is_elsewhere),
        is_midday := bool_or(is_midday),
        is_owner_possible := fits_on_own_device(
            not is_part_day and not is_elsewhere and not is_midday, is_own
        ),
        is_part_day := bool_and(is_part_day),
        is_owner_there := fits_on_own_device(is_staying, is_own),
        is_carried := fits_on_own_device(is_carried, is_own),
        is_after_work := fits_on_own_device(is_after_work, is_own),
        is_login_kept := bool_and(is_used_earlier) and not bool_or(is_logged_on),
        is_deep_in_leave := bool_and(is_deep_in_leave),
        is_clock_wrong := ruled_out_if(bool_and(is_clock_checked or is_deep_in_leave))
    ) as details,
    $event_date::date as event_date
from placed
group by account
having
    (
        count(*) >= $requests
        and count(distinct site) >= $sites
        and count(distinct floor(epoch(start_time) / 300)) >= $bins
    )
    or (
        count_if(coalesce(not is_own, false) and is_logged_on) >= $other_requests
        and count(distinct site) filter (where not is_own and is_logged_on)
        >= $other_sites
        and epoch(max(start_time) filter (where not is_own and is_logged_on))
        - epoch(min(start_time) filter (where not is_own and is_logged_on))
        >= $other_seconds
    )
