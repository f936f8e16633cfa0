-- Everything that the logs show of a local day of an account, in order of time.
with

own as (
    select distinct person_id from identity.accounts
    where account = $account and event_date = $day and person_id is not null
),

steps as (
    select
        'duty' as what,
        duty.kind as detail,
        null as device,
        duty.building,
        duty.start_time,
        duty.end_time,
        null::bigint as request_count
    from core.duty as duty
    inner join own on duty.person_id = own.person_id
    where duty.event_date = $day
    union all
    select
        'keyboard' as what,
        state as detail,
        device,
        null as building,
        start_time,
        end_time,
        null as request_count
    from core.presences
    where account = $account and event_date = $day
    union all
    select
        'at work' as what,
        device as detail,
        device,
        building,
        start_time,
        end_time,
        request_count
    from core.presence_blocks
    where account = $account and event_date = $day
    union all
    select
        'site' as what,
        site as detail,
        device,
        null as building,
        start_time,
        end_time,
        request_count
    from core.site_visits
    where account = $account and event_date = $day
    union all
    select
        'finding' as what,
        rule as detail,
        null as device,
        null as building,
        start_time,
        end_time,
        null as request_count
    from findings.findings
    where
        subject = $account and event_date = $day
        and status in ('open', 'confirmed')
)

-- keyboards and duty are also used for the neighboring days
select * from steps
where
    (start_time at time zone $zone)::date <= $day
    and (end_time at time zone $zone)::date >= $day
order by start_time, what, detail
