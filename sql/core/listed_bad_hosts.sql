/* ---
summary: >
  Hosts and addresses in the lines of a day that a list of bad hosts names for that day,
  itself or with everything below it. An address is named alone.
grain: [host, event_date]
params:
  event_date: {type: date}
columns:
  host: {type: varchar, is: 'requested host, or the address that answered'}
  list_names: {type: varchar, is: the lists}
  event_date: {type: date, is: local day}
--- */
with

listed as (
    select
        host,
        source
    from registry.bad_hosts
    where until is null or until >= $event_date::date
),

met as (
    select coalesce(url_hostname, dst_ip) as host
    from raw.http_requests
    where event_date = $event_date::date
    union
    select coalesce(dst_hostname, dst_ip) as host
    from raw.connections
    where event_date = $event_date::date
),

-- the host itself, and what it is below; no list names the parts of an address
parents as (
    select
        host,
        unnest(
            [host] || [
                array_to_string(string_split(host, '.')[first_label:], '.')
                for first_label in range(2, len(string_split(host, '.')))
            ]
        ) as parent
    from met
    -- no host name is longer, and a line may write thousands of parts
    where length(host) <= 253
)

select
    parents.host,
    array_to_string(sorted_values(listed.source), ', ') as list_names,
    $event_date::date as event_date
from parents
inner join listed on parents.parent = listed.host
group by parents.host
