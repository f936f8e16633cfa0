-- Whether an explanation holds of a use that must be of the owner's own device: false
-- where another person's device was in use or a row speaks against it, null where it
-- would hold and the registry has no holder of the device.
create or replace temporary macro fits_on_own_device(holds, is_own) as
case
    when bool_or(coalesce(not is_own, false)) then false
    when not bool_and(holds) then false
    when bool_and(coalesce(is_own, false)) then true
end;
