-- Devices without an owner or a pool, with the accounts that used them.
with used as (
    select distinct device, account, is_student, event_date
    from core.http_requests
    where
        attribution_grade = 'A' and account_type = 'person' and device is not null
        and net_kind is distinct from 'vdi'
    union
    -- 802.1X let the account in with the card of a device that the registry has
    select
        sessions.device,
        sessions.account,
        accounts.is_student,
        sessions.event_date
    from identity.presences as sessions
    inner join identity.accounts as accounts
        on
            sessions.account = accounts.account
            and sessions.event_date = accounts.event_date
    inner join identity.devices as devices
        on
            sessions.device = devices.device
            and sessions.event_date = devices.event_date
    where
        sessions.presence = 'wifi'
        and sessions.logon_date = sessions.event_date
        and accounts.account_type = 'person'
),

by_account as (
    select
        device,
        used.account,
        count(*) as days,
        min(accounts.owner_person_id) as person_id,
        max(used.is_student) as is_student
    from used
    left join registry.accounts as accounts on used.account = accounts.account
    group by device, used.account
),

known as (
    select * from identity.devices
    qualify event_date = max(event_date) over ()
),

-- the one name that a lease gives a card, if no other card has it and a computer writes
-- its log under it: the name that a phone gives itself does not count
cards as (
    select
        'mac:' || leases.mac as device,
        min(split_part(leases.hostname, '.', 1)) as hostname
    from raw.leases as leases
    where
        leases.hostname is not null
        and split_part(leases.hostname, '.', 1) in (
            select split_part(logons.host, '.', 1)
            from raw.logons as logons
            where logons.host is not null and logons.reported_by = logons.host
        )
    group by leases.mac
    having count(distinct split_part(leases.hostname, '.', 1)) = 1
    qualify count(*) over (partition by min(split_part(leases.hostname, '.', 1))) = 1
)

select
    by_account.device,
    coalesce(min(devices.hostname), min(cards.hostname)) as hostname,
    min(devices.serial) as serial,
    min(devices.asset_tag) as asset_tag,
    min(devices.directory_id) as directory_id,
    min(devices.mac) as mac,
    min(devices.device_class) as device_class,
    min(devices.building) as building,
    min(devices.static_ip) as static_ip,
    count(*) as accounts,
    max_by(by_account.person_id, by_account.days) as person_id,
    max_by(by_account.is_student, by_account.days) as is_student,
    max(by_account.days) as days,
    max(by_account.days) / sum(by_account.days) as share
from by_account
left join known as devices on by_account.device = devices.device
left join cards on by_account.device = cards.device
where
    devices.assigned_to is null
    and devices.pool is null
    -- a device that is not in the registry is identified by its card, if the card is
    -- its own
    and (devices.device is not null or not regexp_matches(by_account.device, $random))
group by by_account.device
order by by_account.device
