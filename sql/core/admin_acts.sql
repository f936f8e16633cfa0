/* ---
summary: >
  What was done to the systems that keep the logs or say who may do what, as they tell
  it themselves: a log was cleared, less is logged from now on, somebody became an
  administrator or signed in as one, a setting was changed. Read from Windows (1102,
  4719, 4728, 4732, 4756), Google's admin log, Entra's and Office 365's audit, and the
  events of FortiGate and PAN-OS. Who did it is in the line, and in no column.
grain: [event_id]
columns:
  event_id: {type: bigint, is: the log line}
  time: {type: timestamptz, is: the stamp in the log}
  source: {type: varchar, is: source of the line}
  system: {type: varchar, pii: indirect, is: 'device that wrote it, else the source'}
  act: {type: varchar, is: what was done}
  is_setting: {type: boolean, is: a setting of a firewall was changed by it}
  event_date: {type: date, is: local day}
params:
  event_date: {type: date}
checks:
  - holds: >-
      act in (
      'log cleared', 'logging reduced', 'administrator added',
      'administrator signed in', 'setting changed'
      )
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
        and (
            kind in (
                '1102', '4719', '4728', '4732', '4756',
                'admin:GRANT_ADMIN_PRIVILEGE', 'admin:ASSIGN_ROLE',
                'admin:GRANT_DELEGATED_ADMIN_PRIVILEGES',
                'Object attribute configured', 'Attribute configured',
                'Object configured', 'Admin login successful',
                'SYSTEM/auth',
                'AuditLogs', 'RoleManagement', 'Add member to role.',
                'Set-AdminAuditLogConfig'
            )
            or starts_with(kind, 'CONFIG/')
        )
),

-- a FortiGate's setting by its path; of PAN-OS the command and the path
settings as (
    select
        *,
        case
            when
                kind in (
                    'Object attribute configured', 'Attribute configured',
                    'Object configured'
                )
                then regexp_extract(message, 'cfgpath="?([a-z0-9._-]+)', 1)
        end as forti_path,
        case
            when starts_with(kind, 'CONFIG/')
                then
                    regexp_extract(
                        message,
                        ',CONFIG,(?:[^,]*,){5}([^,]*),[^,]*,[^,]*,'
                        || '(?:Succeeded|Submitted),"? *([^,"]*)',
                        ['command', 'path']
                    )
        end as pan
    from talk
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
            when starts_with(kind, 'admin:') then 'administrator added'
            -- a role that was taken up for an hour was given before
            when
                kind in ('AuditLogs', 'RoleManagement', 'Add member to role.')
                and regexp_matches(
                    message,
                    '"(activityDisplayName|operationName|Operation)"\s*:\s*'
                    || '"Add (eligible )?member to role[.]?"'
                )
                and regexp_matches(message, 'Administrator')
                and not regexp_matches(
                    message,
                    '"MS-PIM"|"(result|ResultStatus)"\s*:\s*"[Ff]ailure"'
                )
                then 'administrator added'
            when
                kind = 'Set-AdminAuditLogConfig'
                and regexp_matches(
                    message,
                    'UnifiedAuditLogIngestionEnabled"\s*,\s*"Value"\s*:\s*"False"'
                )
                then 'logging reduced'
            when
                forti_path = 'system.admin'
                and regexp_matches(message, '(?i)\baction="?add\b')
                then 'administrator added'
            when
                starts_with(forti_path, 'log.')
                and regexp_matches(
                    message, '(?i)status\[enable->disable\]|\baction="?delete\b'
                )
                then 'logging reduced'
            when
                pan.command in ('set', 'add', 'clone')
                and regexp_matches(
                    pan.path, '\bmgt-config users [^ ]+( permissions.*)?$'
                )
                then 'administrator added'
            when
                pan.command = 'delete'
                and regexp_matches(pan.path, '\blog-settings\b')
                then 'logging reduced'
            when forti_path <> '' or pan.command <> '' then 'setting changed'
            when
                kind = 'Admin login successful'
                or (
                    kind = 'SYSTEM/auth'
                    and regexp_matches(message, 'auth-success')
                    and regexp_matches(message, 'admin role')
                )
                then 'administrator signed in'
        end as act,
        coalesce(forti_path <> '' or pan.command <> '', false) as is_setting
    from settings
)

select
    *,
    $event_date::date as event_date
from acts
where act is not null
