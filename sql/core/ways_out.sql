/* ---
kind: ephemeral
summary: >
  The district's own connections to the internet: the address of one building, or one
  address of the whole district. A sign-in from there was made inside, or through the
  district's VPN.
grain: [ip, building]
columns:
  ip: {type: varchar, pii: indirect, is: address on the internet}
  building: {type: varchar, is: the only building behind it; null if there are several}
--- */
select
    ip,
    building
from identity.places
where net_kind = 'nat'
union all
select
    ip,
    null as building
from core.outside_places
where network_kind = 'egress'
