/* ---
summary: >
  Changes to the systems that keep logs or control rights, from their own logs: a log
  was cleared, logging was reduced, an account became an administrator or signed in as
  one, a setting was changed. Read from Windows (1102, 4719, 4728, 4732, 4756), Google's
  admin log, Entra's and Office 365's audit, and the events of FortiGate and PAN-OS, the
  latter as CSV or JSON. On a Windows host, an administrator is an account that the
  registry keeps for administration, and that signed in there at the keyboard or by
  remote desktop. The acting account is in the line, and in no column.
grain: [event_id]
columns:
  event_id: bigint
  time: {type: timestamptz, is: the stamp in the log}
  source: varchar
  system: {type: varchar, pii: indirect, is: 'device that wrote it; or the source'}
  act: {type: varchar, is: what was done}
  is_setting: {type: boolean, is: a setting of a firewall was changed by it}
  event_date: date
params:
  event_date: {type: date}
audits:
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
                'SYSTEM/auth', 'SYSTEM/general', 'CONFIG',
                'AuditLogs', 'RoleManagement', 'Add member to role.',
                'Set-AdminAuditLogConfig'
            )
            or starts_with(kind, 'CONFIG/')
        )
),

-- a FortiGate's setting by its path; of PAN-OS the command and the path, in the
-- columns of its CSV or under the names of its JSON
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
            when
                regexp_matches(kind, '^CONFIG(/|$)')
                and (
                    not starts_with(ltrim(message), '{')
                    or regexp_matches(
                        message, '(?i)"EventResult"\s*:\s*"(succeeded|submitted)"'
                    )
                )
                then
                    if(
                        starts_with(ltrim(message), '{'),
                        {
                            'command':
                            regexp_extract(message, '"EventName"\s*:\s*"([^"]*)"', 1),
                            'path':
                            regexp_extract(message, '"EventPath"\s*:\s*"([^"\\]*)', 1)
                        },
                        regexp_extract(
                            message,
                            ',CONFIG,(?:[^,]*,){5}([^,]*),[^,]*,[^,]*,'
                            || '(?:Succeeded|Submitted),"? *([^,"]*)',
                            ['command', 'path']
                        )
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
            when
                kind = 'SYSTEM/general'
                and regexp_matches(message, 'Log type [a-z-]+ cleared by user ')
                then 'log cleared'
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
                    pan.path, '\bmgt-config +users +[^ ]+( +permissions.*)? *$'
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
),

kept_for_administration as (
    select distinct names.user_name
    from registry.accounts
    inner join identity.account_names as names on accounts.account = names.account
    where
        accounts.is_admin
        and $event_date::date
        between coalesce(accounts.valid_from, date '0001-01-01')
        and coalesce(accounts.valid_to, date '9999-12-31')
)

select
    *,
    $event_date::date as event_date
from acts
where act is not null
union all
select
    logons.event_id,
    logons.time,
    logons.source,
    coalesce(logons.host, logons.reported_by, logons.source) as system,
    'administrator signed in' as act,
    false as is_setting,
    logons.event_date
from core.logons
inner join kept_for_administration as kept on logons.user_name = kept.user_name
where
    logons.event_date = $event_date::date
    and logons.activity = 'logon'
    and logons.logon_kind in ('interactive', 'remote')
    and logons.is_success
    and logons.host is not null
