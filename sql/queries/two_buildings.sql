/* ---
summary: >
  Accounts that worked in two buildings within some minutes, in the seven days from
  a day. Both grades say how sure it is that the account was there.
grain: [account, end_time, building]
params:
  first: {type: date}
  minutes: {type: int}
columns:
  event_date: {type: date, is: local day}
  account: {type: varchar, pii: direct, is: account}
  role: {type: varchar, is: the role of its owner on that day}
  left_building: {type: varchar, is: the building before}
  building: {type: varchar, is: the building after}
  end_time: {type: timestamptz, is: end of the last use in the one}
  start_time: {type: timestamptz, is: start of the first use in the other}
  gap_minutes: {type: double, is: minutes between; below 0 where both were in use}
  grades: {type: varchar, is: attribution grades before and after}
--- */
with
blocks as (
    select
        *,
        lag(building) over earlier as left_building,
        lag(end_time) over earlier as left_time,
        lag(attribution_grade) over earlier as left_grade
    from core.presence_blocks
    where
        building is not null
        and event_date between $first::date and $first::date + interval 6 day
    window
        earlier as (partition by account order by start_time, building, device)
)

select
    blocks.event_date,
    blocks.account,
    owners.role,
    blocks.left_building,
    blocks.building,
    blocks.left_time as end_time,
    min(blocks.start_time) as start_time,
    round(min(date_diff('second', blocks.left_time, blocks.start_time)) / 60, 1)
        as gap_minutes,
    max(blocks.left_grade || blocks.attribution_grade) as grades
from blocks
left join identity.accounts as owners
    on
        blocks.account = owners.account
        and blocks.event_date = owners.event_date
where
    blocks.building != blocks.left_building
    and blocks.start_time <= blocks.left_time + to_minutes($minutes::bigint)
group by all
order by blocks.event_date, start_time, blocks.account
