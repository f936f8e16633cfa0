-- Accounts that only services and batch jobs used.
select
    names.account,
    count(*) as logons,
    count(distinct logons.event_date) as days,
    count(distinct logons.host) as hosts
from raw.logons as logons
inner join identity.account_names as names on logons.user_name = names.user_name
left join registry.accounts as accounts on names.account = accounts.account
where
    logons.activity = 'logon'
    and coalesce(logons.is_success, true)
    and not coalesce(logons.is_machine, false)
    and coalesce(accounts.account_type, 'person') = 'person'
group by names.account
having
    count(*) >= $fewest
    and count_if(logons.logon_kind in ('service', 'batch')) >= $fewest
    and count_if(
        coalesce(logons.logon_kind, 'interactive')
        not in ('service', 'batch', 'network')
    ) = 0
    and names.account not in (
        select account from core.http_requests where attribution_grade = 'A'
    )
order by names.account
