-- A device's name as the registry spells it: in lower case, without a domain. An
-- address remains whole. `canonical.device` does the same for the rows of the registry.
create or replace temporary macro short_name(name) as
case
    when is_bare_address(lower(name)) then lower(name)
    else split_part(lower(name), '.', 1)
end;
