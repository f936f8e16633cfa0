-- Days on which an account or a device was used: minutes by place, and sign-ins.
with

used as (
    select
        event_date,
        account,
        device,
        building,
        sum(total_seconds) / 60 as minutes
    from core.site_use
    where
        event_date between $first and $last
        and case when $kind = 'account' then account else device end = $subject
    group by event_date, account, device, building
),

signed_in as (
    select
        event_date,
        account,
        unnest(devices) as device
    from core.account_days
    where
        event_date between $first and $last
        and keyboard_count > 0
        and case
            when $kind = 'account' then account = $subject
            else list_contains(devices, $subject)
        end
)

select
    event_date,
    account,
    device,
    building,
    minutes,
    false as is_sign_in
from used
union all
select
    event_date,
    account,
    device,
    null as building,
    0.0 as minutes,
    true as is_sign_in
from signed_in
where $kind = 'account' or device = $subject
order by event_date, account, device, building, is_sign_in
