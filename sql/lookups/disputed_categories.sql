-- Sites that lists put into different categories, in the last seven days.
select
    site,
    max_by(said, event_date) as said,
    bool_or(is_work_disputed) as is_work_disputed,
    count(*) as days
from marts.category_disagreements
where event_date > (select max(event_date) from marts.source_hours) - 7
group by site
order by is_work_disputed desc, days desc, site
