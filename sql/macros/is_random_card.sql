-- A device known only by a card whose address is locally administered, as phones make
-- them up for each network (IEEE 802: the second-least significant bit of the first byte).
create or replace temporary macro is_random_card(device) as
coalesce(regexp_matches(device, '^mac:[0-9a-f][26ae]'), false);
