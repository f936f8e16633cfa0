/* ---
summary: The first day on which anyone used a site.
grain: [site]
columns:
  site: {type: varchar, is: registrable domain}
  first_seen_date: {type: date, is: local day}
--- */
with

use as (
    select
        site,
        event_date
    from core.site_use
)

select
    site,
    min(event_date) as first_seen_date
from use
group by site
