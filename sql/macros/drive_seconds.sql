-- The fastest drive over a distance: 75 km/h as the crow flies, and a car park.
create or replace temporary macro drive_seconds(kilometers) as
greatest(150, kilometers / 75 * 3600);
