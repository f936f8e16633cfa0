-- Days with a line of a category whose word changed.
with
words as (select name from main.changed_words),

lines as (
    select event_date, category from raw.http_requests
    union all
    select event_date, category from raw.connections
    union all
    select event_date, category from raw.dns_queries
)

select distinct event_date from lines
where
    trim(regexp_replace(lower(category), '[_/ -]+', ' ', 'g')) in (from words)
    or lower(trim(category)) in (from words)
