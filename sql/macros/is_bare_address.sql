-- Whether a site is an address and has no name.
create or replace temporary macro is_bare_address(site) as
regexp_full_match(site, '[0-9]{1,3}([.][0-9]{1,3}){3}|[0-9a-f]*:[0-9a-f:]+');
