-- A device known only by a card with a locally administered address, as phones make one
-- up for each network (IEEE 802: bit 2 of the first byte).
create or replace temporary macro is_random_card(device) as
coalesce(regexp_matches(device, '^mac:[0-9a-f][26ae]'), false);
