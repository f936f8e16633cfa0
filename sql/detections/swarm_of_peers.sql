/* ---
title: A device takes part in peer-to-peer file sharing
summary: >
  Within an hour a device exchanged data, both ways, with dozens of bare addresses
  on varied ports, as file-sharing programs do. Calls and games contact few addresses,
  updates from other devices use one port, and a download sends nothing back. The files,
  and whether they may be shared, are unknown. A firewall that counts bytes is required.
code: AN-9
kind: anomaly
about: device
severity: low
stage: trial
severity_raised: [{to: medium, days: 3}]
base_confidence: C2
clauses: [cl.27]
requires_fields: [outside_flow]
requires_registry: [devices.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  peers:
    type: int
    default: 30
    min: 10
    max: 10000
    why: a call or a game talks to a few
  ports:
    type: int
    default: 20
    min: 5
    max: 10000
    why: services share a port; each peer uses a different one
  megabytes:
    type: int
    default: 50
    min: 1
    max: 100000
    unit: MB
    why: less is a program that looks for peers and finds nothing
  sent_share:
    type: double
    default: 0.05
    min: 0.01
    max: 1
    why: a plain download sends back some two percent
columns:
  subject: {type: varchar, pii: indirect, is: device}
  measure: {type: double, is: peers in the busiest hour}
claim: >-
  {account} exchanged data with {peers:count bare address} on {ports:count port} within
  an hour: about {received_megabytes:number} MB came, {sent_megabytes:number} MB went.
  Which files they were is not known.
details:
  peers: int
  ports: int
  hours: int
  received_megabytes: int
  sent_megabytes: int
  is_shared_address: boolean
explanations:
  - name: A call or a game
    by_design: they talk to few, on few ports; this is more
  - name: Updates that computers pass to each other
    by_design: their port, and addresses inside the district, are left out
  - name: A plain download
    by_design: it sends back some two percent; this is more
  - one_device
refuted_by:
  - a registry row that shows the address is shared by many people
false_positives:
  - An image of a free operating system, fetched this way.
  - A game or an update that comes this way.
triage: >
  Look at the device for the program. Repeated use after a talk matters more than
  a single day.
--- */
with

flows as (
    select *
    from core.outside_flows
    where
        event_date = $event_date::date
        and seen_by = 'firewall'
        and is_bare_address
        and dst_port >= 1024
        and coalesce(net_kind not in ('guest', 'byod', 'nat'), true)
        and device_class is distinct from 'phone_byod'
        -- calls, meetings, tunnels, updates among neighbors
        and not (
            dst_port between 3478 and 3481
            or dst_port between 8801 and 8810
            or dst_port between 19302 and 19309
            or dst_port in (1194, 3544, 4500, 5060, 5061, 5228, 7680, 8080, 8443, 51820)
        )
),

-- any sixty minutes: a clock's hours would halve what lies around the full hour
spans as (
    select
        device,
        hour,
        first_time as began,
        count(distinct destination) over sixty_minutes as peer_count,
        count(distinct dst_port) over sixty_minutes as port_count,
        sum(bytes_in) over sixty_minutes as bytes_in,
        sum(bytes_out) over sixty_minutes as bytes_out
    from flows
    where two_way_count > 0
    window
        sixty_minutes as (
            partition by device
            order by first_time
            range between current row and interval 1 hour following
        )
),

busiest as (
    select
        *,
        count(distinct hour) over (partition by device) as hour_count
    from spans
    where
        peer_count >= $peers
        and port_count >= $ports
        and bytes_in + bytes_out >= 1000000 * $megabytes
        and bytes_out >= $sent_share * bytes_in
    qualify
        row_number() over (
            partition by device
            order by peer_count desc, began
        ) = 1
),

largest as (
    select
        flows.device,
        flows.is_registered,
        flows.first_time,
        flows.last_time,
        flows.evidence,
        flows.binding_event_id,
        row_number() over by_size as place
    from flows
    inner join busiest
        on
            flows.device = busiest.device
            and flows.first_time
            between busiest.began and busiest.began + interval 1 hour
    where flows.two_way_count > 0
    window
        by_size as (
            partition by flows.device
            order by
                flows.bytes_in + flows.bytes_out desc,
                flows.destination,
                flows.dst_port
        )
),

cited as (
    select
        device,
        bool_and(is_registered) as is_registered,
        min(first_time) as start_time,
        max(last_time) as end_time,
        sorted_set(
            flatten(list(evidence) filter (where place <= 30)) || list(binding_event_id)
        ) as evidence
    from largest
    group by device
)

select
    busiest.device as subject,
    cited.start_time,
    cited.end_time,
    busiest.peer_count::double as measure,
    [busiest.device] as observables,
    cited.evidence,
    struct_pack(
        peers := busiest.peer_count,
        ports := busiest.port_count,
        hours := busiest.hour_count,
        received_megabytes := round(busiest.bytes_in / 1000000, 0)::bigint,
        sent_megabytes := round(busiest.bytes_out / 1000000, 0)::bigint,
        is_shared_address := ruled_out_if(cited.is_registered)
    ) as details,
    $event_date::date as event_date
from busiest
inner join cited on busiest.device = cited.device
