-- True for use that no rule covers: by a guest, a private phone, a server or a display.
-- A shared address, and one of a guest network, is a guest's unless a line or the card
-- of a listed device shows whose it is.
create or replace temporary macro is_outside_rules(
    net_kind, device_class, device, account
) as
coalesce(net_kind = 'server', false)
or coalesce(device_class in ('phone_byod', 'server', 'signage'), false)
or (
    coalesce(net_kind in ('guest', 'byod', 'nat'), false)
    and (account is null or (device is not null and device_class is null))
)
or (device_class is null and is_random_card(device));
