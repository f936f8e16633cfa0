-- Lines of some hours that name no listed account, by what they lack.
with

requests as (
    select
        'request' as what,
        source,
        building,
        net_kind is not null as is_listed,
        is_outside_rules(net_kind, device_class, device, account) as is_outside,
        device is not null as has_device,
        coalesce(device = $device, false) as is_there,
        start_time as time
    from core.http_requests
    where
        event_date between $first and $last
        and account is null
        and disposition = 'allowed'
),

sign_ins as (
    select
        'sign-in' as what,
        logons.source,
        null as building,
        true as is_listed,
        false as is_outside,
        logons.device is not null as has_device,
        coalesce(logons.device = $device, false) as is_there,
        logons.time
    from core.logons as logons
    left join identity.account_names as names
        on logons.user_name = names.user_name
    where
        logons.event_date between $first and $last
        and logons.activity in ('logon', 'unlock')
        and coalesce(logons.is_success, true)
        and not logons.is_machine
        and coalesce(logons.logon_kind not in ('batch', 'service', 'network'), true)
        and not coalesce(names.is_known, false)
),

lines as (
    select * from requests
    union all
    select * from sign_ins
)

select
    what,
    source,
    building,
    is_listed,
    is_outside,
    has_device,
    is_there,
    count(*) as line_count,
    min(time) as first_time,
    max(time) as last_time
from lines
where time >= $start and time < $until
group by all
order by
    what,
    source,
    building,
    is_listed,
    is_outside,
    has_device,
    is_there
