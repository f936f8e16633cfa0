-- The building and the network of an address.
select building, net_kind, has_location from identity.places where ip = $ip
