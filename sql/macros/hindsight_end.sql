-- The last day that a comparison over two weeks may use: the day itself, or, while the
-- logs are younger than two weeks, the fourteenth day of the logs.
create or replace temporary macro hindsight_end(first_date, day) as
greatest(
    day,
    case when first_date > day - interval 14 day then first_date + interval 13 day end
)::date;
