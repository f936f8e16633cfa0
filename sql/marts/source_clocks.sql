/* ---
summary: >
  How far the clocks of two sources are apart, measured where both log the same event:
  an address that contacted a host (a request, a flow, a DNS query) or an account that
  logged on, once that day in each source and therefore beyond doubt; or a card that
  joined the network and received an address. The difference is the median; with few
  pairs, or where they scatter, nothing is known.
  A source with a wrong time zone is off by whole or half hours. The beginnings of use
  after a silence, by account, address or card, then coincide in two sources at one such
  difference and at no other.
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
      a source with a wrong time zone is off by up to fourteen hours; an event that
      occurs once a day needs no narrow window to match
  join_minutes:
    type: int
    default: 5
    min: 1
    max: 60
    unit: minutes
    why: any further apart, the address that a card receives looks like a renewal
  silent_minutes:
    type: int
    default: 20
    min: 5
    max: 120
    unit: minutes
    why: what follows a longer silence begins something, and is rare enough to pair
  begin_seconds:
    type: int
    default: 120
    min: 10
    max: 600
    unit: seconds
    why: a person's first page follows the logon within two minutes
  begin_pairs:
    type: int
    default: 20
    min: 2
    max: 1000
    why: fewer coincide by chance
  begin_people:
    type: int
    default: 5
    min: 2
    max: 1000
    why: a few devices that call every half hour coincide at many differences
  times_next:
    type: double
    default: 3
    min: 1.5
    max: 100
    why: >-
      at any other whole or half hour far fewer coincide; where lessons repeat by the
      hour, no difference is clear and nothing is known
columns:
  source: {type: varchar, is: name of the source}
  other_source: {type: varchar, is: 'another, behind it in the alphabet'}
  basis:
    type: varchar
    is: >-
      moment; logon, of two logons one follows the other; or zone, whole and half hours
      by what begins in both
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

names as (
    select
        user_name,
        account
    from identity.account_names
),

-- who did something, in each source: an account, an address or a card
seen as (
    select
        requests.source,
        'account ' || names.account as who,
        coalesce(requests.start_time, requests.time) as time
    from raw.http_requests as requests
    inner join names on requests.user_name = names.user_name
    where requests.event_date = $event_date::date
    union all
    select
        source,
        'address ' || src_ip as who,
        coalesce(start_time, time) as time
    from raw.http_requests
    where event_date = $event_date::date
    union all
    select
        source,
        'address ' || src_ip as who,
        coalesce(start_time, time) as time
    from raw.connections
    where event_date = $event_date::date
    union all
    select
        source,
        'address ' || src_ip as who,
        time
    from raw.dns_queries
    where event_date = $event_date::date
    union all
    select
        logons.source,
        'account ' || names.account as who,
        logons.time
    from raw.logons as logons
    inner join names on logons.user_name = names.user_name
    where
        logons.event_date = $event_date::date
        and logons.activity in ('logon', 'unlock')
        and coalesce(logons.is_success, true)
        and not coalesce(logons.is_machine, false)
        and coalesce(logons.logon_kind not in ('batch', 'service'), true)
    union all
    select
        source,
        'card ' || src_mac as who,
        time
    from raw.logons
    where event_date = $event_date::date and logon_kind = 'wifi'
    union all
    select
        source,
        'card ' || mac as who,
        time
    from raw.leases
    where event_date = $event_date::date and action in ('assign', 'renew')
),

minutes as (
    select
        source,
        who,
        min(time) as time
    from seen
    where who is not null and time is not null
    group by source, who, floor(epoch(time) / 60)
),

-- a silence is longer than any of these intervals: the first and last minutes suffice
intervals as (
    select
        source,
        who,
        min(time) as first_time,
        max(time) as last_time
    from minutes
    group by source, who, floor(epoch(time) / (60 * $silent_minutes))
),

stepped as (
    select
        source,
        who,
        epoch(first_time) as started,
        epoch(first_time) - epoch(
            lag(last_time) over (partition by source, who order by first_time)
        ) as silence
    from intervals
),

begun as (
    select
        source,
        who,
        started
    from stepped
    where coalesce(silence > 60 * $silent_minutes, true)
),

coinciding as (
    select
        one.source,
        other.source as other_source,
        one.who,
        other.started - one.started as difference,
        round((other.started - one.started) / 1800) as half_hours
    from begun as one
    inner join begun as other
        on one.who = other.who and one.source < other.source
    where
        abs(other.started - one.started) <= 60 * $pair_minutes
        and abs(
            other.started - one.started
            - 1800 * round((other.started - one.started) / 1800)
        ) <= $begin_seconds
),

shifts as (
    select
        source,
        other_source,
        half_hours,
        count(*) as pair_count,
        count(distinct who) as who_count,
        mad(difference) as spread_seconds
    from coinciding
    group by source, other_source, half_hours
),

ranked as (
    select
        *,
        lead(pair_count, 1, 0) over best_first as next_count,
        row_number() over best_first as place
    from shifts
    window
        best_first as (
            partition by source, other_source order by pair_count desc, half_hours
        )
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
    median(difference) + 0.0 as offset_seconds,
    mad(difference) as spread_seconds,
    count(*) as pair_count,
    $event_date::date as event_date
from pairs
group by source, other_source, basis
union all
select
    source,
    other_source,
    'zone' as basis,
    -- a negative zero becomes zero
    1800.0 * half_hours + 0.0 as offset_seconds,
    spread_seconds,
    pair_count,
    $event_date::date as event_date
from ranked
where
    place = 1
    and pair_count >= $begin_pairs
    and who_count >= $begin_people
    and pair_count >= $times_next * next_count
