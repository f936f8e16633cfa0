/* ---
summary: >
  What was done to the systems that keep the logs or say who may do what, as they tell
  it themselves: a log was cleared, less is logged from now on, somebody became an
  administrator. Read from Windows (1102, 4719, 4728, 4732, 4756), Google's admin log
  and FortiGate's configuration events. Who did it is in the line, and in no column.
grain: [event_id]
columns:
  event_id: {type: bigint, is: the log line}
  time: {type: timestamptz, is: the stamp in the log}
  source: {type: varchar, is: source of the line}
  system: {type: varchar, pii: indirect, is: 'device that wrote it, else the source'}
  act: {type: varchar, is: 'log cleared, logging reduced or administrator added'}
  event_date: {type: date, is: local day}
params:
  event_date: {type: date}
checks:
  - holds: act in ('log cleared', 'logging reduced', 'administrator added')
    severity: fail
--- */
with

talk as (
    select
        event_id,
        time,
        source,
        reported_by,
        kind,
        message
    from raw.system_events
    where
        event_date = $event_date::date
        and kind in (
            '1102', '4719', '4728', '4732', '4756',
            'admin:GRANT_ADMIN_PRIVILEGE', 'admin:ASSIGN_ROLE',
            'admin:GRANT_DELEGATED_ADMIN_PRIVILEGES',
            'Object attribute configured', 'Attribute configured'
        )
),

acts as (
    select
        event_id,
        time,
        source,
        coalesce(reported_by, source) as system,
        case
            when kind = '1102' then 'log cleared'
            -- success or failure auditing was removed, as code or as Windows spells it
            when
                kind = '4719'
                and regexp_matches(
                    message, '%%8448|%%8450|(?i)(success|failure) removed'
                )
                then 'logging reduced'
            -- the group is one of those that rule a domain or a machine
            when
                kind in ('4728', '4732', '4756')
                and regexp_matches(
                    message,
                    'S-1-5-32-544\b|S-1-5-21-[0-9-]+-(512|518|519)\b'
                )
                then 'administrator added'
            when kind like 'admin:%' then 'administrator added'
            when
                regexp_matches(message, 'cfgpath="system\.admin"')
                and regexp_matches(message, '(?i)action="add"')
                then 'administrator added'
            when
                regexp_matches(message, 'cfgpath="log\.')
                and regexp_matches(
                    message, '(?i)status\[enable->disable\]|action="delete"'
                )
                then 'logging reduced'
        end as act
    from talk
)

select
    *,
    $event_date::date as event_date
from acts
where act is not null
