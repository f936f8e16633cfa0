-- The newest difference of the clocks of two sources.
with

newest as (
    select max(event_date) as event_date from marts.source_clocks
),

ranked as (
    select
        clocks.*,
        row_number() over (
            partition by clocks.source, clocks.other_source
            order by clocks.event_date desc, clocks.basis = 'moment' desc
        ) as rank
    from marts.source_clocks as clocks
    cross join newest
    where
        clocks.pair_count >= $pairs and abs(clocks.offset_seconds) >= $least
        and clocks.event_date > newest.event_date - interval 7 day
)

select
    source,
    other_source,
    offset_seconds,
    pair_count,
    event_date
from ranked
where rank = 1
order by abs(offset_seconds) desc, source, other_source
