/* ---
summary: >
  How many accounts used each app in the four weeks up to a day, by role and building.
  An account counts once for an app: in its last role, and in the building where it used
  the app most. No account is named.
grain: [app, role, building, event_date]
lookback: 27
params:
  event_date: {type: date}
columns:
  app: varchar
  role: varchar
  building: {type: varchar, is: building with most use; elsewhere without one}
  account_count: {type: bigint, is: accounts in four weeks}
  first_date: {type: date, is: first day of their use in these weeks}
  event_date: {type: date, is: last day of the four weeks}
--- */
with

use as (
    select *
    from core.app_use
    where
        event_date between $event_date::date - interval 27 day and $event_date::date
),

by_building as (
    select
        app,
        account,
        building,
        sum(request_count) as request_count
    from use
    group by app, account, building
),

places as (
    select
        app,
        account,
        min_by(building, (-request_count, building)) as building
    from by_building
    group by app, account
),

accounts as (
    select
        app,
        account,
        max_by(role, event_date) as role,
        min(event_date) as first_date
    from use
    group by app, account
)

select
    accounts.app,
    accounts.role,
    places.building,
    count(*) as account_count,
    min(accounts.first_date) as first_date,
    $event_date::date as event_date
from accounts
inner join places
    on accounts.app = places.app and accounts.account = places.account
group by accounts.app, accounts.role, places.building
