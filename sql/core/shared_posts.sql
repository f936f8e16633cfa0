/* ---
summary: >
  Devices that an account of a person on leave used on other days within two weeks,
  before or after: two people may share a post, or a person works with the stock. Use on
  other days of leave does not count, since it may not be the owner's.
grain: [account, device, event_date]
lookback: 13
lookahead: 13
params:
  event_date: {type: date}
  shared_days:
    type: int
    default: 2
    min: 1
    max: 10
    unit: days
    why: people who share a post use its device on the days of their half
columns:
  account: {type: varchar, pii: direct, is: account of a person on leave that day}
  device: {type: varchar, pii: indirect, is: device that it used on other days}
  event_date: {type: date, is: local day of the leave}
--- */
with

leave as (
    select
        person_id,
        event_date
    from registry.leave_windows
    where
        event_date between $event_date::date - interval 13 day
        and $event_date::date + interval 13 day
        and status = 'approved'
),

people as (
    select
        accounts.account,
        accounts.person_id
    from identity.accounts as accounts
    semi join leave
        on accounts.person_id = leave.person_id and leave.event_date = $event_date::date
    where accounts.event_date = $event_date::date
),

uses as (
    select
        account,
        event_date,
        unnest(devices) as device
    from core.account_days
    where
        event_date between $event_date::date - interval 13 day
        and $event_date::date + interval 13 day
        and event_date <> $event_date::date
)

select
    uses.account,
    uses.device,
    $event_date::date as event_date
from uses
inner join people on uses.account = people.account
left join leave
    on people.person_id = leave.person_id and uses.event_date = leave.event_date
where leave.person_id is null
group by uses.account, uses.device
having count(distinct uses.event_date) >= $shared_days
