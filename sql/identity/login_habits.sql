/* ---
summary: >
  What earlier logins show about how a login was made. *changed*: the login before it on
  that device, within two weeks, was another account's, so it is not one that the
  device saved; the logins of the same account in the hours after it are the same stay.
  *automatic*: the computer signs itself on at that second of several days. A login that
  earlier ones show nothing about has no row.
grain: [event_id]
lookback: 14
params:
  event_date: {type: date}
  stay_hours:
    type: int
    default: 12
    min: 1
    max: 24
    unit: hours
    why: a device that stays joined past a working day has been through other hands
  automatic_days:
    type: int
    default: 3
    min: 2
    max: 13
    unit: days
    why: on this many earlier days of two weeks no person logs on at the same moment
  automatic_seconds:
    type: int
    default: 15
    min: 1
    max: 120
    unit: seconds
    why: a start by a timer varies by seconds, people by minutes
columns:
  event_id: identity.presences
  habit: {type: varchar, is: changed or automatic}
  event_date: {type: date, is: local day of the login}
--- */
with

logins as (
    select
        account,
        presence,
        device,
        start_time,
        event_id,
        logon_date,
        epoch(start_time)::bigint % 86400 as second_of_day
    from identity.presences
    where
        event_date between $event_date::date - interval 14 day and $event_date::date
        and logon_date = event_date
        and device is not null
        and (
            presence = 'wifi'
            or (presence = 'keyboard' and logon_kind = 'interactive')
        )
),

-- an accounting server's message about an earlier session may come after the next login
sign_ons as (
    select event_id
    from raw.logons
    where
        event_date between $event_date::date - interval 14 day and $event_date::date
        and logon_kind = 'wifi'
        and activity = 'logon'
),

joins as (
    select
        logins.*,
        sign_ons.event_id is not null as is_login,
        case when sign_ons.event_id is not null then logins.account end as joining
    from logins
    left join sign_ons on logins.event_id = sign_ons.event_id
    where logins.presence = 'wifi'
),

followed as (
    select
        *,
        -- who joined last, before this login and up to it
        last_value(joining ignore nulls) over (
            partition by device
            order by start_time, event_id
            rows between unbounded preceding and 1 preceding
        ) as previous_account,
        last_value(joining ignore nulls) over (
            partition by device
            order by start_time, event_id
            rows between unbounded preceding and current row
        ) as joined_account
    from joins
),

stays as (
    select
        *,
        max(start_time) filter (where is_login and previous_account <> account) over (
            partition by device
            order by start_time, event_id
            rows between unbounded preceding and current row
        ) as changed_time
    from followed
),

automatic as (
    select logins.event_id
    from logins
    inner join logins as earlier
        on
            logins.account = earlier.account
            and logins.device = earlier.device
            and earlier.logon_date < logins.logon_date
            and abs(logins.second_of_day - earlier.second_of_day)
            <= $automatic_seconds
    where
        logins.presence = 'keyboard'
        and earlier.presence = 'keyboard'
        and logins.logon_date = $event_date::date
    group by logins.event_id
    having count(distinct earlier.logon_date) >= $automatic_days
)

select
    event_id,
    'changed' as habit,
    $event_date::date as event_date
from stays
where
    logon_date = $event_date::date
    and account = joined_account
    and start_time < changed_time + interval 1 hour * $stay_hours
union all
select
    event_id,
    'automatic' as habit,
    $event_date::date as event_date
from automatic
