/* ---
summary: >
  Accounts that maintain computers: the registry marks them, their name shows it (adm-,
  .admin), or they reached the workstations of many within two weeks over the network or
  by remote desktop. Such an account is in two rooms within minutes when its owner
  repairs a computer, so rules about shared accounts ask about it and accuse no one.
grain: [account, event_date]
lookback: 13
params:
  event_date: {type: date}
  workstations:
    type: int
    default: 5
    min: 2
    max: 1000
    unit: devices
    why: a teacher reaches the own computer from home, and no others
columns:
  account: identity.accounts
  why: {type: varchar, is: 'registry, name or reach'}
  workstation_count: {type: bigint, is: workstations reached in two weeks}
  event_date: {type: date, is: local day that the row serves}
--- */
with

accounts as (
    select account
    from identity.accounts
    where event_date = $event_date::date
),

marked as (
    select distinct account
    from registry.accounts
    where is_admin
),

workstations as (
    select device
    from identity.devices
    where
        event_date = $event_date::date
        and device_class in ('desktop', 'laptop', 'lab_pc', 'podium')
),

reached as (
    select
        names.account,
        count(distinct logons.device) as workstation_count
    from core.logons as logons
    inner join identity.account_names as names on logons.user_name = names.user_name
    inner join workstations on logons.device = workstations.device
    where
        logons.event_date between $event_date::date - interval 13 day
        and $event_date::date
        and logons.activity = 'logon'
        and logons.logon_kind in ('network', 'remote')
        and logons.reported_by = logons.host
        and coalesce(logons.is_success, true)
        and not logons.is_machine
    group by names.account
    having count(distinct logons.device) >= $workstations
)

select
    accounts.account,
    case
        when marked.account is not null then 'registry'
        when is_administrators_name(accounts.account) then 'name'
        else 'reach'
    end as why,
    coalesce(reached.workstation_count, 0) as workstation_count,
    $event_date::date as event_date
from accounts
left join marked on accounts.account = marked.account
left join reached on accounts.account = reached.account
where
    marked.account is not null
    or reached.account is not null
    or is_administrators_name(accounts.account)
