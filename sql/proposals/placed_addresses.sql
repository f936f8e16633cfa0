-- Addresses that a network of the registry contains.
select ip
from identity.places
