-- A row for each fact that shows an address inside the district.
select 1 as known from identity.places where ip = $ip and net_kind <> 'nat'
union all
select 1 from identity.address_holders where ip = $ip and event_date = $day
