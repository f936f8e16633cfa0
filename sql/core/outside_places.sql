/* ---
summary: >
  Location of an address outside the district and its kind of network, if known: from
  the registry's `egress.csv` and `ip_geo.csv` first, then from the operator's own MMDB
  files. Null is unknown, and an unknown kind decides nothing. Places come from a list,
  not from the log; a phone, a relay, a satellite link and an address that represents
  many are in no place.
grain: [ip]
columns:
  ip: {type: varchar, pii: indirect, is: address outside the district's networks}
  network_kind:
    type: varchar
    is: >-
      egress (represents many), residential, mobile, hosting, relay, satellite or
      education; null is unknown
  kind_source: {type: varchar, is: 'source of the kind; an MMDB file with its date'}
  country: {type: varchar, is: ISO 3166 code}
  city: varchar
  lat: double
  lon: double
  accuracy_km: {type: double, is: radius around the point; null if unknown}
  place_source: {type: varchar, is: source of the place}
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
        first_address,
        last_address
    from registry.subnets
),

egress as (
    select
        first_address,
        last_address
    from registry.egress
),

geo as (
    select
        country,
        city,
        lat,
        lon,
        nullif(network_type, 'unknown') as network_type,
        first_address,
        last_address,
        prefix_length
    from registry.ip_geo
),

files as (
    select *
    from identity.outside_networks
),

-- RFC 1918, shared, loopback, link-local and unique local addresses
inner_ranges as (
    select
        ranges.first_address,
        ranges.last_address
    from (
        values
        ('00000000000000000000ffff0a000000', '00000000000000000000ffff0affffff'),
        ('00000000000000000000ffff64400000', '00000000000000000000ffff647fffff'),
        ('00000000000000000000ffff7f000000', '00000000000000000000ffff7fffffff'),
        ('00000000000000000000ffffa9fe0000', '00000000000000000000ffffa9feffff'),
        ('00000000000000000000ffffac100000', '00000000000000000000ffffac1fffff'),
        ('00000000000000000000ffffc0a80000', '00000000000000000000ffffc0a8ffff'),
        ('00000000000000000000000000000001', '00000000000000000000000000000001'),
        ('fc000000000000000000000000000000', 'fdffffffffffffffffffffffffffffff'),
        ('fe800000000000000000000000000000', 'febfffffffffffffffffffffffffffff')
    ) as ranges (first_address, last_address)
),

own_ranges as (
    select
        first_address,
        last_address
    from subnets
    union all
    select
        first_address,
        last_address
    from inner_ranges
),

own as (
    select distinct addresses.ip
    from addresses
    inner join own_ranges
        on
            addresses.address
            between own_ranges.first_address and own_ranges.last_address
),

outside as (
    select
        ip,
        address
    from addresses
    where
        address is not null
        and ip not in (select own.ip from own)
),

shared as (
    select distinct outside.ip
    from outside
    inner join egress
        on outside.address between egress.first_address and egress.last_address
),

listed as (
    select
        outside.ip,
        geo.country,
        geo.city,
        geo.lat,
        geo.lon,
        geo.network_type,
        geo.country is not null
        or geo.city is not null
        or geo.lat is not null as tells_place
    from outside
    inner join geo
        on outside.address between geo.first_address and geo.last_address
    qualify
        row_number() over (
            partition by outside.ip
            order by geo.prefix_length desc, geo.network_type, geo.city
        ) = 1
)

select
    outside.ip,
    case
        when shared.ip is not null then 'egress'
        else coalesce(listed.network_type, files.network_kind)
    end as network_kind,
    case
        when shared.ip is not null then 'egress.csv'
        when listed.network_type is not null then 'ip_geo.csv'
        else files.kind_source
    end as kind_source,
    case when listed.tells_place then listed.country else files.country end as country,
    case when listed.tells_place then listed.city else files.city end as city,
    case when listed.tells_place then listed.lat else files.lat end as lat,
    case when listed.tells_place then listed.lon else files.lon end as lon,
    case when listed.tells_place then null else files.accuracy_km end as accuracy_km,
    case
        when listed.tells_place then 'ip_geo.csv'
        else files.place_source
    end as place_source
from outside
left join shared on outside.ip = shared.ip
left join listed on outside.ip = listed.ip
left join files on outside.ip = files.ip
