-- The account, where a firewall had it for the address before another device took the
-- address over, and it has not signed in there since.
select before.account
from identity.address_devices as leases
inner join identity.account_addresses as before
    on
        leases.ip = before.ip and before.witness = 'mapping'
        and before.start_time < leases.taken_over_time
        and before.end_time >= leases.taken_over_time - to_minutes($minutes)
left join identity.account_addresses as since
    on
        before.ip = since.ip and before.account = since.account
        and since.event_date = $day
        and since.witness in ('keyboard', 'wifi', 'tunnel', 'sign_in')
        and since.start_time >= leases.taken_over_time - interval 1 minute
where
    leases.ip = $ip and leases.event_date = $day and before.event_date = $day
    and $time >= leases.start_time and $time < leases.end_time
    and $time < leases.taken_over_time + to_minutes($minutes)
    and before.account = $account and since.ip is null
