-- Days on which an address with changed facts was in use.
with
asking as (select ip from main.changed_addresses where part = 'asks'),

answering as (select ip from main.changed_addresses where part = 'answers')

select event_date from raw.http_requests
where src_ip in (from asking) or url_hostname in (from answering)
union
select event_date from raw.connections
where src_ip in (from asking) or dst_ip in (from answering)
union
select event_date from raw.dns_queries where src_ip in (from asking)
union
select event_date from raw.logons
where src_ip in (from asking) or assigned_ip in (from asking)
union
select event_date from raw.leases where ip in (from asking)
union
-- fixed in the registry, or leased on an earlier day
select event_date from identity.address_holders where ip in (from asking)
