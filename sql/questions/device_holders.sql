-- Accounts that used a device.
with

uses as (
    select
        account,
        state as how,
        start_time,
        max(end_time) as end_time,
        any_value(logon_kind) as logon_kind,
        null::bigint as request_count
    from core.presences
    where device = $device and event_date between $first and $last
    group by all
    union all
    select
        account,
        'requests' as how,
        start_time,
        end_time,
        null as logon_kind,
        request_count
    from core.presence_blocks
    where device = $device and event_date between $first and $last
)

select * from uses
where
    (start_time at time zone $zone)::date <= $last
    and (end_time at time zone $zone)::date >= $first
order by start_time, account, how
