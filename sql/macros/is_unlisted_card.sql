-- A device that the inventory lacks, known by its network card alone.
create or replace temporary macro is_unlisted_card(device) as
coalesce(starts_with(device, 'mac:'), false);
