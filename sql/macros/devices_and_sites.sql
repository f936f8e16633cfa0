-- The observables of a group: its devices and its sites.
create or replace temporary macro devices_and_sites(device, site) as
sorted_set(list('device:' || device) || list('site:' || site));
