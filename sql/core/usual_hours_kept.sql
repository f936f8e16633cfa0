/* ---
kind: ephemeral
summary: >
  How often people who were on site outside the district's usual hours were there
  outside them within two weeks. Someone with an evening shift is there most days: the
  usual hours are not that person's. In the first two weeks of the logs all days count.
grain: [person_id, event_date]
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
columns:
  person_id: core.presence_blocks
  site_days: {type: bigint, is: days of the two weeks on site}
  outside_days: {type: bigint, is: days of these with use wholly outside duty}
  event_date: {type: date, is: local day}
--- */
with

away_from_duty as (
    select distinct person_id
    from core.off_duty_intervals
    where event_date = $event_date::date and is_usual_duty and not is_remote
),

blocks as (
    select
        blocks.person_id,
        blocks.start_time,
        blocks.end_time,
        blocks.event_date
    from core.presence_blocks as blocks
    semi join away_from_duty on blocks.person_id = away_from_duty.person_id
    where
        blocks.event_date between $event_date::date - interval 27 day
        and $event_date::date + interval 13 day
        and blocks.is_district_device
        and blocks.net_kind is distinct from 'remote'
        and not coalesce(blocks.is_device_assumed, false)
    qualify is_in_two_weeks(blocks.event_date, $event_date::date)
),

days as (
    select
        blocks.person_id,
        blocks.event_date,
        bool_or(duty.person_id is null) as is_outside
    from blocks
    left join core.duty as duty
        on
            blocks.person_id = duty.person_id
            and blocks.event_date = duty.event_date
            and blocks.start_time < duty.end_time
            and blocks.end_time > duty.start_time
    group by blocks.person_id, blocks.event_date
)

select
    person_id,
    count(*) as site_days,
    count(*) filter (where is_outside) as outside_days,
    $event_date::date as event_date
from days
group by person_id
