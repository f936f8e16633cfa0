-- Words for categories in the products' lines of the last seven days, and the requests.
select
    category as word,
    count(*) as requests,
    count(distinct site) as sites
from core.http_requests
where
    category is not null
    and category <> ''
    and event_date > (select max(event_date) from marts.source_hours) - 7
group by category
order by requests desc, word
