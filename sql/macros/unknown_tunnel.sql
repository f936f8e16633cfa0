-- The name of a tunnel of which no device is known: a word and the tunnel's address.
create or replace temporary macro unknown_tunnel(ip) as 'tunnel:' || ip;
