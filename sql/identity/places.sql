/* ---
summary: >
  Where an address of the district is: the most specific network of the registry
  that contains it. Only wired, lab and Wi-Fi networks show in which building a
  device is; others cover many places or none.
grain: [ip]
columns:
  ip: {type: varchar, pii: indirect, is: address}
  net_kind: {type: varchar, is: kind of network}
  building: {type: varchar, is: building of the network}
  campus: {type: varchar, is: campus of the building; within one people walk}
  lat: double
  lon: double
  has_location: {type: boolean, is: the network identifies the building}
--- */
with

addresses as (
    select
        ip,
        address
    from identity.addresses
),

subnets as (
    select
        building,
        kind,
        first_address,
        last_address,
        prefix_length
    from registry.subnets
),

buildings as (
    select
        building,
        lat,
        lon,
        campus
    from registry.buildings
),

matched as (
    select
        addresses.ip,
        subnets.kind,
        subnets.building
    from addresses
    inner join subnets
        on addresses.address between subnets.first_address and subnets.last_address
    qualify
        row_number() over (
            partition by addresses.ip
            order by subnets.prefix_length desc, subnets.building
        ) = 1
)

select
    matched.ip,
    matched.kind as net_kind,
    matched.building,
    buildings.campus,
    buildings.lat,
    buildings.lon,
    matched.kind in ('wired', 'lab', 'wifi')
    and buildings.building is not null as has_location
from matched
left join buildings on matched.building = buildings.building
