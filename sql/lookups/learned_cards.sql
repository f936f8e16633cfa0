-- Devices of findings whose network card was learned.
with named as (
    select
        unnest($findings) as finding_id,
        unnest($devices) as device,
        unnest($days)::date as event_date
)

select distinct named.finding_id, named.device, learned.sighting_count
from named
inner join identity.learned_devices as learned
    on named.device = learned.device and named.event_date = learned.event_date
where learned.mac is not null
order by finding_id, named.device
