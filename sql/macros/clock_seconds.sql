-- Seconds of a group's rows together: what overlaps counts once.
create or replace temporary macro clock_seconds(seconds, spans) as
least(sum(seconds), united_seconds(flatten(list(spans))));
