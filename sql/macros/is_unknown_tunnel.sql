-- True if a device's name is that of a tunnel whose device is unknown.
create or replace temporary macro is_unknown_tunnel(device) as
starts_with(device, unknown_tunnel(''));
