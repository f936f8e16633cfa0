-- An address that no network outside routes: private, link-local, shared, multicast.
create or replace temporary macro is_private_address(address) as
regexp_matches(
    address,
    '^(0|10|127|169[.]254|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]'
    || '|^(22[4-9]|23[0-9]|24[0-9]|25[0-5])[.]'
    || '|^100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]'
    || '|^(fc|fd|fe[89ab]|ff|::1$)'
);
