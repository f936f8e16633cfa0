-- Accounts that were seen at an address at a moment, with the evidence.
select
    seen.account, seen.witness, seen.name_proof, seen.start_time, seen.end_time,
    seen.event_id,
    accounts.person_id, coalesce(accounts.account_type, 'person') as account_type,
    coalesce(accounts.approved_shared, false) as is_shared
from identity.account_addresses as seen
left join identity.accounts as accounts
    on seen.account = accounts.account and accounts.event_date = $day
where
    seen.event_date = $day and seen.ip = $ip
    and $time between seen.start_time and seen.end_time
order by seen.witness, seen.start_time, seen.account
