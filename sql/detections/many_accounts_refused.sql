/* ---
title: Many accounts were refused from one device within minutes
summary: >
  From one device or outside address, many different accounts were refused within ten
  minutes, each only a few times. This is the pattern of password guessing. The device
  or address is the subject: its owner may be unaware. One account that is refused again
  and again is a stored password, not this.
code: AN-1
kind: anomaly
about: device
severity: medium
stage: trial
base_confidence: C3
clauses: [cl.13a, cl.5]
requires_fields: [logons.user_name, logons.activity, logons.is_success]
once_filled: [logons.src_ip]
open_day: refusals within minutes are complete when they happened
grain: [subject, event_date]
params:
  event_date: {type: date}
  accounts:
    type: int
    default: 10
    min: 3
    max: 1000
    why: ten people do not take turns at one keyboard in ten minutes, all refused
  minutes:
    type: int
    default: 10
    min: 1
    max: 60
    unit: minutes
    why: a class that lines up to log on takes longer
  tries:
    type: int
    default: 5
    min: 1
    max: 50
    why: an account that is refused more often is a stored password, or locked out
columns:
  subject: {type: varchar, pii: direct, is: device or outside address}
  measure: {type: double, is: accounts refused}
  observables: {type: 'varchar[]', pii: indirect, is: the device}
claim: >-
  From {account}, sign-ins to {accounts:count account} were refused within
  {minutes:count minute}, {tries:count once|at most # times} each[{entered?};
  {entered} of them got in from there soon after].
details:
  accounts: int
  known_accounts: int
  tries: int
  entered: int
  minutes: int
  sources: int
  is_outside: boolean
  is_mistyped: boolean
  is_gateway: boolean
  is_tester: boolean
  is_log_mistake: boolean
explanations:
  - name: One account whose old password a device keeps
    by_design: an account that was refused again and again is not counted
  - name: People who mistyped and then got in
    test: is_mistyped
    says: '{entered} of {accounts:count account} got in from there soon after'
  - name: A gateway, a server or an address that many people share
    test: is_gateway
    ruled_out: the registry has it as one device, or its network as one of devices
    not_testable: the registry does not know the address
  - name: A person who sets up or tests accounts
    test: is_tester
    ruled_out: not one of them signed in; a person who sets up accounts does
    not_testable: some signed in; logs cannot distinguish a test from an attack
  - one_log
refuted_by:
  - a registry row that shows the address is shared by many people
false_positives:
  - A person sets up or tests accounts on that device.
  - A gateway that many people log on through, which the registry does not name.
triage: >
  [{is_outside?}Block the address at the firewall.][{!is_outside?}Take the device off
  the network and examine it.][{entered?} Then change the passwords of the
  {entered:count account} that signed in from it.]
--- */
with

logons as (
    select
        event_id,
        time,
        source,
        reported_by,
        user_name,
        host,
        device,
        src_ip,
        src_mac,
        logon_kind,
        is_success
    from core.logons
    where
        event_date = $event_date::date
        and activity in ('logon', 'ticket')
        and is_success is not null
        and user_name is not null
        and not is_machine
        and coalesce(logon_kind not in ('batch', 'service', 'proxy'), true)
),

names as (
    select
        user_name,
        account,
        is_known
    from identity.account_names
),

devices as (
    select
        device,
        mac,
        device_class
    from identity.devices
    where event_date = $event_date::date
),

cards as (
    select
        mac,
        min(device) as device
    from devices
    where mac is not null
    group by mac
),

holders as (
    select *
    from identity.address_holders
    where event_date = $event_date::date
),

-- addresses that many people share
many as (
    select ip
    from identity.places
    where net_kind in ('nat', 'vdi', 'server')
    union
    select addresses.ip
    from identity.addresses as addresses
    inner join registry.egress as egress
        on
            addresses.address between egress.first_address and egress.last_address
),

refused as (
    select
        logons.*,
        names.account,
        names.is_known
    from logons
    inner join names on logons.user_name = names.user_name
    where not logons.is_success
),

-- a sign-in matters only for an account that was refused
let_in as (
    select
        logons.*,
        names.account,
        names.is_known
    from logons
    inner join names on logons.user_name = names.user_name
    where
        logons.is_success
        and names.account in (select refused.account from refused)
),

tried as (
    select * from refused
    union all
    select * from let_in
),

-- a remote logon is written by the device that was reached; with 802.1X the
-- address is the access point's
placed as (
    select
        tried.*,
        holders.lease_event_id,
        case
            when tried.logon_kind = 'wifi'
                then coalesce(cards.device, 'mac:' || tried.src_mac)
            when tried.logon_kind = 'remote' and tried.src_ip is not null
                then coalesce(holders.device, tried.src_ip)
            else
                coalesce(tried.device, holders.device, tried.src_ip, tried.host)
        end as place
    from tried
    left join cards on tried.src_mac = cards.mac
    left join holders
        on
            tried.src_ip = holders.ip
            and tried.time >= holders.start_time
            and tried.time < holders.end_time
    left join many on tried.src_ip = many.ip
    where many.ip is null
    qualify
        row_number() over (
            partition by tried.event_id
            order by holders.start_time desc, holders.device
        ) = 1
),

single as (
    select
        placed.*,
        devices.device is not null
        or coalesce(places.net_kind <> 'guest', false) as is_one_device
    from placed
    left join devices on placed.place = devices.device
    left join identity.places as places on placed.place = places.ip
    where
        placed.place is not null
        and coalesce(devices.device_class not in ('server', 'vdi_host'), true)
),

by_minute as (
    select
        place,
        account,
        reported_by,
        floor(epoch(time) / 60) as minute,
        count(*) as try_count
    from single
    where not is_success
    group by place, account, reported_by, minute
),

busy as (
    select place
    from by_minute
    group by place
    having count(distinct account) >= $accounts
),

ends as (
    select distinct
        by_minute.place,
        by_minute.minute as last_minute
    from by_minute
    inner join busy on by_minute.place = busy.place
),

-- the device and the directory may both write one try
by_reporter as (
    select
        ends.place,
        ends.last_minute,
        by_minute.account,
        by_minute.reported_by,
        sum(by_minute.try_count) as try_count
    from ends
    inner join by_minute
        on
            ends.place = by_minute.place
            and by_minute.minute > ends.last_minute - $minutes
            and by_minute.minute <= ends.last_minute
    group by
        ends.place, ends.last_minute, by_minute.account, by_minute.reported_by
),

by_account as (
    select
        place,
        last_minute,
        account,
        max(try_count) as try_count
    from by_reporter
    group by place, last_minute, account
    having max(try_count) <= $tries
),

windows as (
    select
        place,
        last_minute,
        count(*) as account_count,
        max(try_count) as try_count
    from by_account
    group by place, last_minute
    having count(*) >= $accounts
    qualify
        row_number() over (
            partition by place
            order by count(*) desc, last_minute
        ) = 1
),

inside as (
    select
        windows.place,
        windows.last_minute,
        windows.account_count,
        windows.try_count,
        single.event_id,
        single.time,
        single.source,
        single.account,
        single.is_known,
        single.is_one_device,
        single.lease_event_id,
        row_number() over (
            partition by windows.place, single.account, single.source
            order by single.time, single.event_id
        ) as number
    from windows
    inner join by_account
        on
            windows.place = by_account.place
            and windows.last_minute = by_account.last_minute
    inner join single
        on
            by_account.place = single.place
            and by_account.account = single.account
            and floor(epoch(single.time) / 60) > windows.last_minute - $minutes
            and floor(epoch(single.time) / 60) <= windows.last_minute
    where not single.is_success
),

-- signed in from there, in these minutes or within a quarter of an hour afterwards
entered as (
    select
        inside.place,
        count(distinct single.account) as account_count
    from inside
    inner join single
        on
            inside.place = single.place
            and inside.account = single.account
            and single.time > inside.time
            and epoch(single.time) < 60 * (inside.last_minute + 16)
    where single.is_success
    group by inside.place
),

cited as (
    select
        place,
        unnest([event_id, lease_event_id]) as event_id
    from inside
    where number = 1
    qualify row_number() over (partition by place order by time, event_id) <= 60
),

evidence as (
    select
        place,
        sorted_values(event_id) as evidence
    from cited
    where event_id is not null
    group by place
)

select
    inside.place as subject,
    min(inside.time) as start_time,
    max(inside.time) as end_time,
    max(inside.account_count)::double as measure,
    [inside.place] as observables,
    any_value(evidence.evidence) as evidence,
    struct_pack(
        accounts := max(inside.account_count),
        known_accounts := count(distinct inside.account) filter (
            where inside.is_known
        ),
        tries := max(inside.try_count),
        entered := coalesce(max(entered.account_count), 0),
        minutes := greatest(
            1, ceil((epoch(max(inside.time)) - epoch(min(inside.time))) / 60)
        )::bigint,
        sources := count(distinct inside.source),
        is_outside := regexp_matches(inside.place, '^[0-9a-f.:]+$')
        and regexp_matches(inside.place, '[.:]')
        and not is_private_address(inside.place),
        is_mistyped := 2 * coalesce(max(entered.account_count), 0)
        >= max(inside.account_count),
        is_gateway := ruled_out_if(bool_and(inside.is_one_device)),
        is_tester := ruled_out_if(coalesce(max(entered.account_count), 0) = 0),
        is_log_mistake := ruled_out_if(count(distinct inside.source) >= 2)
    ) as details,
    $event_date::date as event_date
from inside
inner join evidence on inside.place = evidence.place
left join entered on inside.place = entered.place
group by inside.place
