-- The hour of a local day in which a moment lies. Hours are counted from the day's
-- midnight: where an offset has half an hour, an hour of UTC would belong to two days.
create or replace temporary macro local_hour(moment, zone, day) as
time_bucket(interval 1 hour, moment, timezone(zone, day::timestamp));
