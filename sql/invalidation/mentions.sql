-- Days with a line about a changed account, card, host or address.
with
spelled as (
    select user_name from identity.spellings
    where account_name in (select value from main.mentioned where kind = 'name')
),

cards as (select value from main.mentioned where kind = 'card'),

hosts as (select value from main.mentioned where kind = 'host'),

addresses as (select value from main.mentioned where kind = 'address')

select event_date from raw.http_requests
where user_name in (from spelled) or src_ip in (from addresses)
union
select event_date from raw.connections
where user_name in (from spelled) or src_ip in (from addresses)
union
select event_date from raw.dns_queries
where
    user_name in (from spelled) or src_ip in (from addresses)
    or src_hostname in (from hosts)
union
select event_date from raw.logons
where
    user_name in (from spelled) or src_ip in (from addresses)
    or src_mac in (from cards)
    or host in (from hosts) or src_hostname in (from hosts)
union
select event_date from raw.leases where mac in (from cards)
