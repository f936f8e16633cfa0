-- What each list of bad hosts met in the last seven days, and its fullest day.
with listed as (
    select
        *,
        unnest(string_split(list_names, ', ')) as list_name
    from marts.bad_host_lists
    where event_date > (select max(event_date) from marts.source_hours) - 7
)

select
    list_name,
    sum(allowed_count)::bigint as allowed,
    sum(refused_count)::bigint as refused,
    max(address_count) as most_addresses,
    max_by(event_date, address_count) as on_day
from listed
group by list_name
order by list_name
