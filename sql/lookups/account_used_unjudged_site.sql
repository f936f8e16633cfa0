-- Uses by an account of sites that the report asks about.
select count(*) as uses
from core.site_evidence as evidence
inner join marts.unjudged_sites as asked
    on evidence.site = asked.site and evidence.event_date = asked.event_date
where
    evidence.account = $account
    and evidence.start_time <= $last
    and evidence.end_time >= $first
