/* ---
summary: >
  Lines that were kept as messages of a product, feed no rule, and yet contain what
  looks like an account or a network card, by format and kind. Values that a format
  should read and does not appear here; most of these lines are rightly messages.
grain: [source, format, kind, event_date]
params:
  event_date: {type: date}
columns:
  source: {type: varchar, is: name of the source}
  format: {type: varchar, is: the format that read them}
  kind: {type: varchar, is: 'the product''s own word for what they are, or -'}
  line_count: {type: bigint, is: lines of the kind}
  account_count: {type: bigint, is: of these name what looks like an account}
  card_count: {type: bigint, is: of these name what looks like a network card}
  event_date: {type: date, is: local day}
--- */
with

talk as (
    select
        source,
        format,
        left(coalesce(kind, '-'), 60) as kind,
        -- both shapes are those of `identify`, which reads the first lines of a file
        nullif(
            regexp_extract(
                message,
                '(?i)(?:\b(?:user|username|user_name|account|accountname|login|upn'
                || '|suser|duser|targetusername|email|principal|device_user)\b'
                || '["'']?[ \t]*[=:][ \t]*["'']?|\buser[ \t]+["''<])'
                || '([a-z][a-z0-9._@\\-]+)',
                1
            ), ''
        ) as account,
        regexp_matches(
            message,
            '(?:^|[^0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}'
            || '(?:$|[^0-9A-Fa-f:-])'
        ) as names_card
    from raw.system_events
    where event_date = $event_date::date
),

counted as (
    select
        source,
        format,
        kind,
        count(*) as line_count,
        count(*) filter (
            where not regexp_matches(
                account,
                '(?i)^(?:n/?a|none|null|unknown|unset|system|root|localhost'
                || '|true|false|id)$'
            )
        ) as account_count,
        count(*) filter (where names_card) as card_count
    from talk
    group by source, format, kind
)

select
    source,
    format,
    kind,
    line_count,
    account_count,
    card_count,
    $event_date::date as event_date
from counted
where account_count + card_count > 0
