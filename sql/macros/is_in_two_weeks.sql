-- Whether a day is in the two weeks up to `day`, or, while the logs are younger, in the
-- first two weeks of the logs. For `qualify`: the rows around `day` show how old the
-- logs are.
create or replace temporary macro is_in_two_weeks(event_date, day) as
event_date between day - interval 13 day
and hindsight_end(min(event_date) filter (where event_date <= day) over (), day);
