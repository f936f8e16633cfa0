/* ---
summary: Accounts that logs name and the registry does not, in seven days from a day.
grain: [account]
params:
  first: {type: date}
columns:
  account: {type: varchar, pii: direct, is: account}
  day_count: {type: bigint, is: days on which a log named it}
  logon_count: {type: bigint, is: logons at keyboards}
  request_count: {type: bigint, is: requests}
  first_time: {type: timestamptz, is: first line}
  last_time: {type: timestamptz, is: last line}
--- */
select
    account,
    count(*) as day_count,
    sum(keyboard_count)::bigint as logon_count,
    sum(request_count)::bigint as request_count,
    min(first_time) as first_time,
    max(last_time) as last_time
from core.account_days
where
    not is_known
    and event_date between $first::date and $first::date + interval 6 day
group by account
order by last_time desc, account
