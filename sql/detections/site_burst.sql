/* ---
title: Very many sites in one hour
summary: >
  In one hour an account contacted far more sites than usual: forty or more, and twice
  the number that 999 in 1,000 hours of similar accounts stay within. The amount of data
  does not matter, since a tool that tries addresses gets little from each. Programs
  that search or copy the web do so, and tools that try addresses. Tabs that a browser
  restores load together and do not count.
code: AN-4
kind: anomaly
severity: low
stage: trial
base_confidence: C2
clauses: [cl.5]
requires_fields: [whose_request]
requires_registry: [users.csv|accounts.csv]
grain: [subject, event_date]
lookback: 13
params:
  event_date: {type: date}
  sites:
    type: int
    default: 40
    min: 10
    max: 10000
    unit: sites an hour
    why: a busy person reaches some twenty-five
  times_usual:
    type: double
    default: 2
    min: 1
    max: 100
    why: in many thousand hours some account is always slightly above all others
  compared_hours:
    type: int
    default: 200
    min: 1
    max: 100000
    unit: hours
    why: fewer hours of others do not show what is usual
  uncompared_sites:
    type: int
    default: 120
    min: 10
    max: 10000
    unit: sites an hour
    why: with too few hours to compare, three times what counts otherwise
  minutes:
    type: int
    default: 10
    min: 1
    max: 60
    why: restored tabs come within a minute or two, a search goes on
columns:
  start_time: {type: timestamptz, is: the first such hour}
  end_time: {type: timestamptz, is: the end of the last}
  measure: {type: double, is: sites in the busiest hour}
  observables: {type: 'varchar[]', pii: indirect, is: devices}
claim: >-
  Account {account} reached {sites:count site} in one hour[; in nearly all hours of
  similar accounts it is {usual_sites} or fewer].
details:
  sites: int
  usual_sites: int
  hours_compared: int
  hours: int
  minutes: int
  is_live: boolean
  is_compared: boolean
  is_as_others: boolean
  is_left_open: boolean
explanations:
  - name: Tabs that a browser restores
    by_design: >-
      only hours with new sites in many of their minutes count; here in
      {minutes:count minute}
  - name: As many as others reach
    test: is_as_others
    says: >-
      {hours_compared:count hour} of others[; 999 in 1,000 stay within
      {usual_sites:count site}][{!is_compared?} are too few to compare with; this many
      sites count on their own]
  - live
  - machine
  - approved
refuted_by:
  - an entry for the tool's sites on the approved list
false_positives:
  - Research that compares many sources; a librarian who checks links.
  - A tool of the district that runs under a person's name.
triage: >
  Look which program on the device makes the requests.
--- */
with

hours as (
    select
        account,
        is_staff,
        hour,
        reached_count,
        minute_count,
        request_count,
        event_date
    from core.use_hours
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
),

busy as (
    select *
    from hours
    where
        event_date = $event_date::date
        and reached_count >= $sites
        and minute_count >= $minutes
),

ranked as (
    select
        busy.account,
        busy.hour,
        hours.reached_count,
        row_number() over by_sites as place,
        count(*) over (partition by busy.account, busy.hour) as hour_count
    from busy
    inner join hours
        on busy.is_staff = hours.is_staff and busy.account <> hours.account
    window
        by_sites as (
            partition by busy.account, busy.hour
            order by hours.reached_count
        )
),

usual as (
    select
        account,
        hour,
        max(reached_count) as reached_count,
        max(hour_count) as hour_count
    from ranked
    where place <= ceil(0.999 * hour_count)
    group by account, hour
),

found as (
    select
        busy.*,
        usual.reached_count as usual_sites,
        coalesce(usual.hour_count, 0) as hour_count
    from busy
    left join usual on busy.account = usual.account and busy.hour = usual.hour
    where
        case
            when usual.hour_count >= $compared_hours
                then busy.reached_count >= $times_usual * usual.reached_count
            else busy.reached_count >= $uncompared_sites
        end
),

requests as (
    select
        requests.account,
        requests.device,
        requests.site,
        requests.event_id,
        requests.binding_event_id,
        requests.is_live,
        requests.is_live_known
    from core.engaged_requests as requests
    inner join found
        on
            requests.account = found.account
            and date_trunc('hour', requests.start_time) = found.hour
    where requests.event_date = $event_date::date
),

first_of_site as (
    select
        account,
        site,
        min(event_id) as event_id
    from requests
    group by account, site
),

cited as (
    select
        account,
        list_slice(list_sort(list(event_id)), 1, 60) as evidence
    from first_of_site
    group by account
),

used as (
    select
        account,
        sorted_values(device) as devices,
        min(binding_event_id) as binding_event_id,
        avg(case when is_live then 1.0 else 0.0 end) as live_share,
        bool_or(is_live_known) as is_live_known
    from requests
    group by account
)

select
    found.account as subject,
    min(found.hour) as start_time,
    max(found.hour) + interval 1 hour as end_time,
    max(found.reached_count)::double as measure,
    any_value(list_transform(used.devices, lambda one: 'device:' || one))
        as observables,
    sorted_set(any_value(cited.evidence) || list(used.binding_event_id)) as evidence,
    struct_pack(
        sites := max(found.reached_count),
        usual_sites := case
            when min(found.hour_count) >= $compared_hours then max(found.usual_sites)
        end,
        hours_compared := min(found.hour_count),
        hours := count(*),
        minutes := max(found.minute_count),
        is_live := any_value(used.is_live_known and used.live_share >= 0.5),
        is_compared := min(found.hour_count) >= $compared_hours,
        is_as_others := false,
        is_left_open := ruled_out_if(any_value(used.is_live_known))
    ) as details,
    $event_date::date as event_date
from found
inner join used on found.account = used.account
inner join cited on found.account = cited.account
group by found.account
