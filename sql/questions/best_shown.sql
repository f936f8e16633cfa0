-- The best supported open finding about an account; without one, the account and
-- day with use of the most devices.
with

best as (
    select
        1 as place,
        finding_id,
        rule,
        subject,
        devices,
        event_date,
        confidence,
        status,
        claim
    from findings.findings
    where kind <> 'anomaly' and status = 'open'
    order by confidence desc, rule desc, finding_id
    limit 1
),

busiest as (
    select
        2 as place,
        account as subject,
        event_date,
        array_agg(distinct device order by device) as devices
    from core.presence_blocks
    group by account, event_date
    order by len(devices) desc, account, event_date
    limit 1
),

neither as (
    select
        3 as place,
        $newest::date as event_date,
        []::varchar[] as devices
),

every as (
    select * from best
    union all by name
    select * from busiest
    union all by name
    select * from neither
)

select * exclude (place) from every
order by place
limit 1
