-- Whether a device's name is that of a tunnel of which no device is known.
create or replace temporary macro is_unknown_tunnel(device) as
starts_with(device, unknown_tunnel(''));
