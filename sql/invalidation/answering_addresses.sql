-- Addresses that other devices called.
select dst_ip from raw.connections where dst_ip is not null
union
select url_hostname from raw.http_requests
where regexp_full_match(url_hostname, '[0-9.]+|.*:.*')
