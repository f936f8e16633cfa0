/* ---
title: An account signed in from two homes by turns
summary: >
  A person's account signed in from two residential networks by turns, each within
  minutes of the other. One home has one network; mobile networks, relays, hosting and
  the district's own connection are left out, and so is a network of unknown kind. Two
  lines of one home look like two homes unless a list places them apart. SA-7 reports
  places that are far apart.
code: SA-11
kind: shared_account
severity: medium
stage: trial
base_confidence: C2
clauses: [cl.23, cl.13d]
requires_fields: [sign_in_place]
requires_registry: [users.csv|accounts.csv, ip_geo.csv]
grain: [subject, event_date]
params:
  event_date: {type: date}
  turns:
    type: int
    default: 3
    min: 2
    max: 100
    why: there, back and there again; a person who drives home turns once
  minutes:
    type: int
    default: 15
    min: 1
    max: 120
    unit: minutes
    why: shorter than a visit and the way back
  apart_km:
    type: int
    default: 30
    min: 1
    max: 400
    unit: km
    why: >-
      what remains when the radius of each place is taken off; lists put two lines of
      one home a town apart
columns:
  start_time: {type: timestamptz, is: first sign-in of the turns}
  end_time: {type: timestamptz, is: last sign-in of the turns}
  measure: {type: double, is: turns}
  observables: {type: 'varchar[]', pii: indirect, is: the addresses outside}
claim: >-
  Account {account} signed in from two residential networks by turns: {turns} changes,
  each within {minutes:count minute}[{kilometers?}, about {kilometers:number} km apart].
details:
  turns: int
  minutes: int
  kilometers: int
  is_one_home: boolean
  is_left_open: boolean
explanations:
  - name: Two lines of one home
    test: is_one_home
    ruled_out: a list places the two about {kilometers:number} km apart
    not_testable: no list places the two networks apart from each other
  - name: Two people at one home
    by_design: one home is one network, and makes no turns
  - name: A phone between Wi-Fi and its carrier, or a private relay
    by_design: only networks that a list calls residential count
  - name: A program that renews a sign-in
    by_design: only sign-ins of a person count, no renewals
  - shared: live
    ruled_out: both are sign-ins of a person, at no device of the district
refuted_by:
  - another kind of network for one of the addresses
false_positives:
  - A carrier that gives one home addresses of several networks.
triage: >
  Change the password and end all sessions: the owner may not know about one of the
  two. Do not question anyone yourself.
--- */
with

networks as (
    select
        ip,
        left(address, if(starts_with(address, repeat('0', 20) || 'ffff'), 30, 16))
            as network
    from identity.addresses
    where address is not null
),

signins as (
    select
        signins.event_id,
        signins.account,
        signins.ip,
        signins.time,
        signins.lat,
        signins.lon,
        coalesce(signins.accuracy_km, 0) as accuracy_km,
        signins.accuracy_km is not null
        or coalesce(signins.place_source = 'ip_geo.csv', false) as is_place_sure,
        networks.network
    from core.outside_signins as signins
    inner join networks on signins.ip = networks.ip
    where
        signins.event_date = $event_date::date
        and signins.logon_kind = 'cloud'
        and signins.network_kind = 'residential'
),

stepped as (
    select
        *,
        lag(signins) over in_order as previous
    from signins
    window in_order as (partition by account order by time, event_id)
),

turns as (
    select
        *,
        least(network, previous['network']) as one_network,
        greatest(network, previous['network']) as other_network,
        if(
            is_place_sure and previous['is_place_sure'],
            kilometers_apart(lat, lon, previous['lat'], previous['lon'])
            - accuracy_km
            - previous['accuracy_km'],
            null
        ) as kilometers
    from stepped
    where
        network <> previous['network']
        and epoch(time) - epoch(previous['time']) <= 60 * $minutes
)

select
    account as subject,
    min(previous['time']) as start_time,
    max(time) as end_time,
    count(*)::double as measure,
    sorted_set(list(ip) || list(previous['ip'])) as observables,
    sorted_set(list(event_id) || list(previous['event_id'])) as evidence,
    struct_pack(
        turns := count(*),
        minutes := greatest(
            1, ceil(max(epoch(time) - epoch(previous['time'])) / 60)
        )::bigint,
        kilometers := case
            when min(kilometers) >= $apart_km then round(min(kilometers), 0)::bigint
        end,
        is_one_home := ruled_out_if(min(kilometers) >= $apart_km),
        is_left_open := false
    ) as details,
    $event_date::date as event_date
from turns
group by account, one_network, other_network
having count(*) >= $turns
qualify
    row_number() over (
        partition by account
        order by count(*) desc, one_network, other_network
    ) = 1
