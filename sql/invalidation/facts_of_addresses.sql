-- What the registry states about each address that asks or answers.
with
networks as (
    select first_address, last_address from registry.subnets
    union all
    select first_address, last_address from registry.egress
    union all
    -- RFC 1918: inside, regardless of the registry
    values
    ('00000000000000000000ffff0a000000', '00000000000000000000ffff0affffff'),
    ('00000000000000000000ffffac100000', '00000000000000000000ffffac1fffff'),
    ('00000000000000000000ffffc0a80000', '00000000000000000000ffffc0a8ffff')
)

select 'asks' as part, ip, to_json(places)::varchar as said
from identity.places
union all
select 'asks' as part, ip, to_json(outside_places)::varchar as said
from core.outside_places
union
select 'asks' as part, addresses.ip, 'stands for many' as said
from identity.addresses as addresses
inner join registry.egress as egress
    on addresses.address between egress.first_address and egress.last_address
union
select 'answers' as part, answering.ip, 'inside' as said
from main.answering as answering
inner join networks
    on answering.address between networks.first_address and networks.last_address
