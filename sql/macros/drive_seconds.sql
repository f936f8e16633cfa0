-- The fastest drive over a distance: 75 km/h as the crow flies, and a car park.
create or replace temporary macro drive_seconds(kilometres) as
greatest(150, kilometres / 75 * 3600);
