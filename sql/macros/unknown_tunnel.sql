-- Returns the name of a tunnel whose device is unknown: a word and the tunnel's
-- address.
create or replace temporary macro unknown_tunnel(ip) as 'tunnel:' || ip;
