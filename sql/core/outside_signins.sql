/* ---
summary: >
  Sign-ins of a person from outside the district, to a cloud service or through a
  tunnel, with the place and kind of network if known. Renewals of a
  token are not sign-ins. A sign-in counts as used if the account did something
  more from the same address within the hour.
grain: [event_id]
params:
  event_date: {type: date}
columns:
  event_id: {type: bigint, is: the sign-in}
  account: core.engaged_requests
  logon_kind: {type: varchar, is: cloud or vpn}
  ip: {type: varchar, pii: indirect, is: address outside}
  time: {type: timestamptz, is: when}
  network_kind: {type: varchar, is: kind of network; null is unknown}
  country: {type: varchar, is: ISO 3166 code of its country}
  city: {type: varchar, is: city of the address}
  lat: double
  lon: double
  accuracy_km: double
  place_source: varchar
  next_event_id: {type: bigint, is: something more from there within the hour}
  event_date: date
--- */
with

every_logon as (
    select
        logons.event_id,
        proven_name(logons.user_name, logons.name_proof, inner_names.user_name)
            as user_name,
        logons.logon_kind,
        logons.src_ip,
        logons.time
    from raw.logons as logons
    left join identity.inner_names as inner_names
        on
            logons.event_id = inner_names.event_id
            and inner_names.event_date = $event_date::date
    where
        logons.event_date = $event_date::date
        and logons.activity = 'logon'
        and logons.is_success
        and logons.src_ip is not null
        and logons.time_quality not in ('ambiguous', 'shifted')
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

people as (
    select account
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and not approved_shared
),

places as (
    select *
    from core.outside_places
),

requests as (
    select
        binding_event_id,
        min(event_id) as event_id
    from core.engaged_requests
    where event_date = $event_date::date and net_kind = 'remote'
    group by binding_event_id
    having count(*) >= 4
),

signed as (
    select
        logons.event_id,
        names.account,
        logons.logon_kind,
        logons.src_ip as ip,
        logons.time,
        places.network_kind,
        places.country,
        places.city,
        places.lat,
        places.lon,
        places.accuracy_km,
        places.place_source
    from every_logon as logons
    inner join names on logons.user_name = names.user_name
    inner join people on names.account = people.account
    inner join places on logons.src_ip = places.ip
),

stepped as (
    select
        *,
        lead(event_id) over from_there as later_id,
        lead(time) over from_there as later_time,
        lag(event_id) over from_there as earlier_id,
        lag(time) over from_there as earlier_time
    from signed
    window from_there as (partition by account, ip order by time, event_id)
)

select
    stepped.event_id,
    stepped.account,
    stepped.logon_kind,
    stepped.ip,
    stepped.time,
    stepped.network_kind,
    stepped.country,
    stepped.city,
    stepped.lat,
    stepped.lon,
    stepped.accuracy_km,
    stepped.place_source,
    case
        when stepped.later_time <= stepped.time + interval 1 hour
            then stepped.later_id
        when stepped.earlier_time >= stepped.time - interval 1 hour
            then stepped.earlier_id
        else requests.event_id
    end as next_event_id,
    $event_date::date as event_date
from stepped
left join requests on stepped.event_id = requests.binding_event_id
-- an application that was opened is use of a sign-in, and no sign-in itself
where stepped.logon_kind in ('cloud', 'vpn')
