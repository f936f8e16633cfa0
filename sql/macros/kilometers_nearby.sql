-- The straight line between two places of a district; flat earth is near enough.
create or replace temporary macro kilometers_nearby(lat, lon, other_lat, other_lon) as
6371 * sqrt(
    power(radians(lat - other_lat), 2)
    + power(radians(lon - other_lon) * cos(radians(lat)), 2)
);
