-- The great circle between two places anywhere; null where a place is not known, since
-- the least of one and null is one, half the way around the earth.
create or replace temporary macro kilometers_apart(lat, lon, other_lat, other_lon) as
case
    when lat + lon + other_lat + other_lon is not null
        then
            2 * 6371 * asin(
                least(
                    1,
                    sqrt(
                        power(sin(radians(lat - other_lat) / 2), 2)
                        + cos(radians(other_lat)) * cos(radians(lat))
                        * power(sin(radians(lon - other_lon) / 2), 2)
                    )
                )
            )
end;
