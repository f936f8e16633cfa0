/* ---
summary: >
  How far the clocks of two sources are apart, measured where both tell of the same:
  an address that met a host (a request, a flow, a DNS query) or an account that
  logged on, once that day in each source and so beyond doubt; or a card that joined
  the network and was given an address. The median of the differences says how far;
  without many pairs, or where they scatter, nothing is known.
grain: [source, other_source, basis, event_date]
params:
  event_date: {type: date}
  pair_minutes:
    type: int
    default: 840
    min: 60
    max: 1440
    unit: minutes
    why: >
      a source that is set to the wrong zone is off by up to fourteen hours; what is
      told once a day needs no narrow window to be the same
  join_minutes:
    type: int
    default: 5
    min: 1
    max: 60
    unit: minutes
    why: further off the address that a card is given is not told from a renewal
columns:
  source: {type: varchar, is: source}
  other_source: {type: varchar, is: 'another, behind it in the alphabet'}
  basis: {type: varchar, is: 'moment, or logon: of two logons one follows the other'}
  offset_seconds: {type: double, is: to be added to the stamps of source}
  spread_seconds: {type: double, is: median absolute deviation of the pairs}
  pair_count: {type: bigint, is: number of pairs}
  event_date: {type: date, is: local day}
--- */
with

meetings as (
    select
        source,
        src_ip as who,
        url_hostname as what,
        coalesce(start_time, time) as time,
        'moment' as basis
    from raw.http_requests
    where event_date = $event_date::date
    union all
    select
        source,
        src_ip as who,
        dst_hostname as what,
        coalesce(start_time, time) as time,
        'moment' as basis
    from raw.connections
    where event_date = $event_date::date
    union all
    select
        source,
        src_ip as who,
        query_name as what,
        time,
        'moment' as basis
    from raw.dns_queries
    where event_date = $event_date::date
    union all
    select
        source,
        lower(user_name) as who,
        '' as what,
        time,
        'logon' as basis
    from raw.logons
    where
        event_date = $event_date::date
        and activity = 'logon'
        and is_success
        and not coalesce(is_machine, false)
),

told_once as (
    select
        source,
        who,
        what,
        basis,
        min(time) as time
    from meetings
    where who is not null and what is not null
    group by source, who, what, basis
    having count(*) = 1
),

paired as (
    select
        one.source,
        other.source as other_source,
        one.basis,
        epoch(other.time) - epoch(one.time) as difference
    from told_once as one
    inner join told_once as other
        on
            one.who = other.who
            and one.basis = other.basis
            and one.what = other.what
            and one.source < other.source
            and other.time between one.time - interval 1 minute * $pair_minutes
            and one.time + interval 1 minute * $pair_minutes
),

-- a card that joins the network is given an address within seconds
joined as (
    select
        event_id,
        source,
        src_mac as mac,
        time
    from raw.logons
    where
        event_date = $event_date::date
        and logon_kind = 'wifi'
        and activity = 'logon'
        and coalesce(is_success, true)
        and src_mac is not null
),

leases as (
    select
        source,
        mac,
        time
    from raw.leases
    where
        event_date = $event_date::date
        and action in ('assign', 'renew')
        and mac in (select joined.mac from joined)
),

nearest as (
    select
        joined.source as joined_source,
        leases.source as lease_source,
        epoch(leases.time) - epoch(joined.time) as difference
    from joined
    inner join leases
        on
            joined.mac = leases.mac
            and joined.source <> leases.source
            and leases.time between joined.time - interval 1 minute * $join_minutes
            and joined.time + interval 1 minute * $join_minutes
    qualify
        row_number() over (
            partition by joined.event_id, leases.source
            order by abs(epoch(leases.time) - epoch(joined.time))
        ) = 1
),

pairs as (
    select * from paired
    union all
    select
        least(joined_source, lease_source) as source,
        greatest(joined_source, lease_source) as other_source,
        'moment' as basis,
        if(joined_source < lease_source, difference, -difference) as difference
    from nearest
)

select
    source,
    other_source,
    basis,
    median(difference) as offset_seconds,
    mad(difference) as spread_seconds,
    count(*) as pair_count,
    $event_date::date as event_date
from pairs
group by source, other_source, basis
