-- Hours of staff on district devices in the last four weeks on sites of private kinds
-- that no rule judges; a snapshot withholds which kind each is.
select coalesce(sum(used.unjudged_minutes), 0) / 60 as hours
from marts.site_use as used
where
    used.event_date > (
        select max(newest.event_date)
        from marts.site_use as newest
    ) - 28
