-- The great circle between two places anywhere.
create or replace temporary macro kilometers_apart(lat, lon, other_lat, other_lon) as
2 * 6371 * asin(
    least(
        1,
        sqrt(
            power(sin(radians(lat - other_lat) / 2), 2)
            + cos(radians(other_lat)) * cos(radians(lat))
            * power(sin(radians(lon - other_lon) / 2), 2)
        )
    )
);
