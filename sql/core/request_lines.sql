/* ---
kind: ephemeral
summary: >
  Every web request of a day as its log recorded it. Where a firewall records a session
  in two lines, the line with the host gets the bytes and the end of the other. A name
  that was looked up, in the line of an agent that names the computer or the person, is
  a request of the method LOOKUP, which shows neither bytes nor that a page was opened.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the log line}
  source: {type: varchar, is: source of the line}
  time: {type: timestamptz, is: end of the request}
  start_time: {type: timestamptz, is: when it began}
  is_ambiguous_time: {type: boolean, is: in a repeated or left-out hour}
  src_ip: {type: varchar, pii: indirect, is: address it came from}
  machine: {type: varchar, pii: indirect, is: computer name in the line}
  user_name: {type: varchar, pii: direct, is: 'user name in the line, if it is proven'}
  is_mapped:
    type: boolean
    is: the product takes user names from logons on the address, not from a login
  url_hostname: {type: varchar, is: host asked for}
  method:
    type: varchar
    is: 'HTTP method, CONNECT for a tunnel, LOOKUP for a name that was looked up'
  status_code: {type: smallint, is: HTTP status}
  bytes_in: {type: bigint, is: bytes to the client}
  bytes_out: {type: bigint, is: bytes from the client}
  is_half: {type: boolean, is: 'the line with bytes of its session did not arrive'}
  content_type: {type: varchar, is: media type}
  category: {type: varchar, is: the product's category}
  disposition: {type: varchar, is: 'allowed, blocked or challenged'}
--- */
with

-- two readers: keeping the rows for both would cost more than reading the file twice
lines as not materialized (
    select
        event_id,
        source,
        time,
        coalesce(start_time, time) as start_time,
        coalesce(time_quality in ('ambiguous', 'shifted'), false) as is_ambiguous_time,
        src_ip,
        -- an agent on the computer, as of a cloud proxy, names the machine itself
        split_part(lower(src_hostname), '.', 1) as machine,
        proven_name(user_name, name_proof, null) as user_name,
        coalesce(
            name_proof = 'recorded',
            format in (select mapping.format from identity.mapping_formats as mapping)
        ) as is_mapped,
        url_hostname,
        method,
        status_code,
        bytes_in,
        bytes_out,
        content_type,
        category,
        disposition,
        -- a firewall records a visit in two lines: host and category, then bytes
        case
            when coalesce(bytes_in, 0) = 0 then session_number(extras)
        end as connection_uid
    from raw.http_requests
    where event_date = $event_date::date
),

-- whatever the line is stamped with, its bytes are recorded when the session is closed
session_ends as (
    select
        lines.event_id,
        connections.time as end_time,
        connections.bytes_in,
        connections.bytes_out
    from lines
    inner join raw.connections as connections
        on
            lines.connection_uid = connections.connection_uid
            and lines.src_ip = connections.src_ip
            and connections.bytes_in is not null
            and connections.event_date between $event_date::date
            and $event_date::date + interval 1 day
            and in_one_session(
                lines.start_time,
                coalesce(connections.start_time, connections.time),
                connections.time
            )
    where lines.connection_uid is not null
    -- of its start, its course and its end the last is complete, and counts once
    qualify
        row_number() over (
            partition by lines.event_id
            order by connections.time desc, connections.event_id desc
        ) = 1
        and row_number() over (
            partition by connections.event_id
            order by lines.start_time, lines.event_id
        ) = 1
)

select
    event_id,
    source,
    time,
    time as start_time,
    coalesce(time_quality in ('ambiguous', 'shifted'), false) as is_ambiguous_time,
    src_ip,
    split_part(lower(src_hostname), '.', 1) as machine,
    proven_name(user_name, name_proof, null) as user_name,
    coalesce(
        name_proof = 'recorded',
        format in (select mapping.format from identity.mapping_formats as mapping)
    ) as is_mapped,
    query_name as url_hostname,
    'LOOKUP' as method,
    null as status_code,
    null as bytes_in,
    null as bytes_out,
    false as is_half,
    null as content_type,
    category,
    disposition
from raw.dns_queries
where
    event_date = $event_date::date
    and query_name is not null
    and coalesce(src_hostname, proven_name(user_name, name_proof, null)) is not null
    -- other types of one name are asked for at the same moment
    and coalesce(query_type, 'A') = 'A'
    and coalesce(response_code, 'NOERROR') = 'NOERROR'
union all
select
    lines.event_id,
    lines.source,
    greatest(lines.time, session_ends.end_time) as time,
    lines.start_time,
    lines.is_ambiguous_time,
    lines.src_ip,
    lines.machine,
    lines.user_name,
    lines.is_mapped,
    lines.url_hostname,
    -- a line about a whole session is a tunnel's, and so is a line with bytes and
    -- neither method nor media type, as a cloud proxy without inspection writes it
    case
        when
            lines.content_type is null
            and (session_ends.event_id is not null or lines.bytes_in > 0)
            then coalesce(lines.method, 'CONNECT')
        else lines.method
    end as method,
    lines.status_code,
    coalesce(session_ends.bytes_in, lines.bytes_in) as bytes_in,
    coalesce(session_ends.bytes_out, lines.bytes_out) as bytes_out,
    lines.connection_uid is not null
    and session_ends.bytes_in is null
    and lines.bytes_in is null as is_half,
    lines.content_type,
    lines.category,
    lines.disposition
from lines
left join session_ends on lines.event_id = session_ends.event_id
