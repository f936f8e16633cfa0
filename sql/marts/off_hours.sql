/* ---
summary: >
  When staff accounts used sites that no approval of theirs covers on district
  devices, outside their owners' duty, by local hour and building. A count over
  accounts, not a finding.
grain: [event_date, hour, building]
params:
  event_date: {type: date}
  zone: {type: varchar}
  reading_seconds:
    type: int
    default: 180
    min: 20
    max: 1800
    unit: seconds
    why: no longer is shown to be read after a request, as commercial reporters count
  break_minutes:
    type: int
    default: 30
    min: 0
    max: 120
    unit: minutes
    why: after a longer break a new interval begins
columns:
  event_date: {type: date, is: local day}
  weekday: {type: bigint, is: 0 for Monday to 6}
  hour: {type: bigint, is: local hour}
  building: {type: varchar, is: building of the network; elsewhere without one}
  account_count: {type: bigint, is: accounts}
  minutes:
    type: double
    is: >-
      estimated minutes; a request counts until the account's next one, three minutes
      at most, and the last of them for twenty seconds
--- */
with

requests as (
    select
        account,
        person_id,
        device,
        building,
        url_hostname,
        start_time,
        event_date
    from core.engaged_requests
    where
        event_date = $event_date::date
        and is_staff
        and is_district_device
        and attribution_grade = 'A'
        and (is_live or not is_live_known)
),

-- a host that serves another site goes by that one
served as (
    select
        services.account,
        services.url_hostname,
        standing.verdict
    from core.host_services as services
    inner join core.site_standing as standing
        on
            services.account = standing.account
            and services.service = standing.site
            and services.event_date = standing.event_date
    where services.event_date = $event_date::date and services.source <> 'own'
),

off_duty as (
    select requests.*
    from requests
    inner join core.site_verdicts as verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    inner join core.rostered_people as rostered
        on
            requests.person_id = rostered.person_id
            and requests.event_date = rostered.event_date
    left join served
        on
            requests.account = served.account
            and requests.url_hostname = served.url_hostname
    left join core.duty as duty
        on
            requests.person_id = duty.person_id
            and requests.event_date = duty.event_date
            and requests.start_time >= duty.start_time
            and requests.start_time < duty.end_time
    where
        duty.person_id is null
        and is_external(coalesce(served.verdict, verdicts.verdict))
),

timed as (
    select
        account,
        coalesce(building, 'elsewhere') as building,
        hour(timezone($zone, start_time)) as hour,
        epoch(lead(start_time) over in_order) - epoch(start_time) as pause
    from off_duty
    window in_order as (partition by account, device order by start_time)
)

select
    $event_date::date as event_date,
    (date_diff('day', date '2000-01-03', $event_date::date) % 7)::bigint as weekday,
    hour,
    building,
    count(distinct account) as account_count,
    round(
        sum(
            case
                when pause <= $break_minutes * 60 then least(pause, $reading_seconds)
                else 20
            end
        )
        / 60,
        1
    ) as minutes
from timed
group by hour, building
