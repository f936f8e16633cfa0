-- Days with a line that contains a changed name.
with spelled as (select name from main.respelled)

select event_date from raw.http_requests where user_name in (from spelled)
union
select event_date from raw.connections where user_name in (from spelled)
union
select event_date from raw.dns_queries where user_name in (from spelled)
union
select event_date from raw.logons where user_name in (from spelled)
