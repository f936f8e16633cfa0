-- Addresses that a network of the registry contains, with its building; without an
-- address, each building of the registry.
select
    ip,
    building
from identity.places
union all
select
    null as ip,
    building
from registry.buildings
