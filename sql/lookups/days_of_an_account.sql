-- Days on which an account was used.
select event_date, keyboard_count, other_count, request_count, first_time, last_time
from core.account_days
where account = $account and event_date between $first and $last
order by event_date
