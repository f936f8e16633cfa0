/* ---
summary: >
  For each account and week, on its Sunday: the hour that differs most from what is
  usual for the account in that part of the day on that kind of day. The usual value is
  the median of the eight weeks before, without the week itself. A new account is
  measured by its peers of the same role and building; without enough of either it is
  not measured at all.
grain: [account, event_date]
lookback: 62
params:
  event_date: {type: date}
  own_points:
    type: int
    default: 15
    min: 8
    max: 200
    unit: hours
    why: a middle and a spread of fewer hours say little
  peers:
    type: int
    default: 8
    min: 3
    max: 200
    unit: accounts
    why: fewer peers are a few people's habits
  least_spread:
    type: double
    default: 0.15
    min: 0.01
    max: 1
    why: a share of the median; a very regular person is not immediately unusual
columns:
  account: varchar
  is_staff: boolean
  measured: {type: varchar, is: 'requests, sites or megabytes'}
  basis: {type: varchar, is: own or peers}
  peer_group: {type: varchar, is: role and building}
  day_type: {type: varchar, is: kind of day}
  hour: {type: timestamptz, is: the hour}
  value: {type: double, is: what it was in that hour}
  usual: {type: double, is: the middle of the hours compared}
  spread: {type: double, is: what their spread amounts to}
  point_count: {type: bigint, is: hours compared}
  account_count: {type: bigint, is: accounts among them}
  departure: {type: double, is: spreads between the value and the usual}
  evidence: {type: 'bigint[]', is: requests of that hour}
  event_date: {type: date, is: the week's Sunday}
--- */
with

hours as (
    select
        account,
        is_staff,
        peer_group,
        day_type,
        hour,
        local_bin,
        request_count,
        site_count,
        megabytes,
        evidence,
        event_date,
        event_date > $event_date::date - interval 7 day as is_judged
    from core.use_hours
    where
        event_date between $event_date::date - interval 62 day and $event_date::date
        -- only a Sunday ends a week
        and date_diff('day', date '2000-01-03', $event_date::date) % 7 = 6
),

points as (
    select
        hours.*,
        'requests' as measured,
        request_count::double as value
    from hours
    union all
    select
        hours.*,
        'sites' as measured,
        site_count::double as value
    from hours
    union all
    select
        hours.*,
        'megabytes' as measured,
        megabytes as value
    from hours
),

before as (
    select *
    from points
    where not is_judged
),

own as (
    select
        account,
        measured,
        day_type,
        local_bin,
        median(value) as middle_value,
        mad(value) as deviation,
        count(*) as point_count
    from before
    group by account, measured, day_type, local_bin
    having count(*) >= $own_points
),

peers as (
    select
        peer_group,
        measured,
        day_type,
        local_bin,
        median(value) as middle_value,
        mad(value) as deviation,
        count(*) as point_count,
        count(distinct account) as account_count
    from before
    group by peer_group, measured, day_type, local_bin
    having count(distinct account) >= $peers
),

compared as (
    select
        points.*,
        case when own.account is null then 'peers' else 'own' end as basis,
        coalesce(own.middle_value, peers.middle_value) as usual,
        greatest(
            1.4826 * coalesce(own.deviation, peers.deviation),
            $least_spread * coalesce(own.middle_value, peers.middle_value),
            1
        ) as spread,
        coalesce(own.point_count, peers.point_count) as point_count,
        case when own.account is null then peers.account_count else 1 end
            as account_count
    from points
    left join own
        on
            points.account = own.account
            and points.measured = own.measured
            and points.day_type = own.day_type
            and points.local_bin = own.local_bin
    left join peers
        on
            points.peer_group = peers.peer_group
            and points.measured = peers.measured
            and points.day_type = peers.day_type
            and points.local_bin = peers.local_bin
    where
        points.is_judged and (own.account is not null or peers.peer_group is not null)
)

select
    account,
    is_staff,
    measured,
    basis,
    peer_group,
    day_type,
    hour,
    value,
    usual,
    spread,
    point_count,
    account_count,
    (value - usual) / spread as departure,
    evidence,
    $event_date::date as event_date
from compared
qualify
    row_number() over (
        partition by account
        order by (value - usual) / spread desc, hour, measured
    ) = 1
