/* ---
title: An account signed in from a country where it was not seen before
summary: >
  A person's account signed in from a country in which neither it nor several of its
  colleagues signed in for a month, and the logs know the account well enough, by
  sign-ins from outside, through the district's own way out, or by use in a building. A
  journey and a stolen password leave the same lines, so it is a lead, unless the
  account was used in a building of the district so soon before or after that no one
  could have made the journey.
code: AN-22
kind: anomaly
severity: low
stage: trial
base_confidence: C2
clauses: [cl.13d, cl.7]
requires_fields: [sign_in_place]
requires_registry: [users.csv|accounts.csv, ip_geo.csv]
grain: [subject, event_date]
lookback: 30
lookahead: 1
params:
  event_date: {type: date}
  colleagues:
    type: int
    default: 3
    min: 1
    max: 100
    why: a country that several sign in from is next door, a trip or a course
  learning_days:
    type: int
    default: 14
    min: 1
    max: 30
    unit: days
    why: what is usual for an account must be seen first
  learning_signins:
    type: int
    default: 10
    min: 1
    max: 100
    why: or this many sign-ins, whichever comes first
  speed:
    type: int
    default: 800
    min: 300
    max: 2000
    unit: km/h
    why: from door to door no one is as fast as an airliner
  kilometers:
    type: int
    default: 500
    min: 100
    max: 5000
    why: lists of addresses are a town or two off, now and then a state
columns:
  start_time: {type: timestamptz, is: first sign-in from there}
  end_time: {type: timestamptz, is: last sign-in of the day from there}
  measure: {type: double, is: sign-ins of the day from there}
  observables: {type: 'varchar[]', pii: indirect, is: the device in the building}
claim: >-
  Account {account} signed in {signins:count time} from {countries:names}, where it was
  not seen in the month before.[ It was used at {building} within {minutes:count
  minute}, about {kilometers:number} km away.]
details:
  signins: int
  building: varchar
  minutes: int
  kilometers: int
  is_journey: boolean
  countries: varchar[]
  colleagues: int
  is_place_wrong: boolean
explanations:
  - name: A journey
    test: is_journey
    ruled_out: >-
      the account was used in a building about {kilometers:number} km away within
      {minutes:count minute}
    not_testable: no record of journeys is on file
  - name: A list that has an address in the wrong place
    test: is_place_wrong
    ruled_out: the list gives the place or how exact it is
    not_testable: the list does not say how exact a place is
  - name: The district's own egress, or a service that many people share
    by_design: addresses that the registry or a list names so are left out
refuted_by:
  - another place for the address
  - an entry for the address among the shared ones
false_positives:
  - A journey, or a phone that is used across a border.
triage: >
  Ask the owner by telephone whether it was a journey. If not, change the password and
  end all sessions.
--- */
with

signins as (
    select
        event_id,
        account,
        time,
        country,
        lat,
        lon,
        coalesce(accuracy_km, 0) as accuracy_km,
        accuracy_km is not null or place_source = 'ip_geo.csv' as is_place_sure,
        coalesce(network_kind = 'egress', false) as is_egress,
        event_date
    from core.outside_signins
    where
        event_date between $event_date::date - interval 30 day and $event_date::date
        and coalesce(network_kind not in ('relay', 'satellite'), true)
),

buildings as (
    select
        lat,
        lon
    from registry.buildings
    where lat is not null and lon is not null
),

-- the country of the district itself is new to no account; without an outside address
-- near one of its buildings it is not known, and only earlier sign-ins can be compared
home_countries as (
    select distinct places.country
    from core.outside_places as places
    inner join buildings
        on
            abs(places.lat - buildings.lat) < 1
            and abs(places.lon - buildings.lon) < 1.3
    where places.country is not null
),

home as (
    select count(*) > 0 as is_known
    from home_countries
),

on_site as (
    select
        account,
        building,
        device,
        lat,
        lon,
        start_time,
        event_id,
        event_date
    from core.engaged_requests
    where
        event_date between $event_date::date - interval 1 day
        and $event_date::date + interval 1 day
        and account in (
            select today.account from signins as today
            where today.event_date = $event_date::date and today.country is not null
        )
        and has_location
        and is_live
        and is_clock_checked
        and attribution_grade = 'A'
        and not is_ambiguous_time
),

-- accounts that the logs know well enough before the day
known as (
    select account
    from signins
    where event_date < $event_date::date
    group by account
    having
        min(event_date) <= $event_date::date - to_days($learning_days)
        or count(*) >= $learning_signins
    union
    select account
    from on_site
),

countries as (
    select
        country,
        count(distinct account) as account_count
    from signins
    group by country
),

earlier as (
    select distinct
        account,
        country
    from signins
    where event_date < $event_date::date and country is not null
),

placed as (
    select account
    from earlier
    union
    select account
    from signins
    where is_egress and event_date < $event_date::date
    union
    select account
    from on_site
),

new as (
    select
        signins.*,
        countries.account_count
    from signins
    inner join known on signins.account = known.account
    -- where the places of earlier use are not known, none is new
    inner join placed on signins.account = placed.account
    inner join countries on signins.country = countries.country
    left join earlier
        on
            signins.account = earlier.account
            and signins.country = earlier.country
    left join home_countries on signins.country = home_countries.country
    cross join home
    where
        signins.event_date = $event_date::date
        and earlier.account is null
        and home_countries.country is null
        and (
            home.is_known
            or signins.account in (select seen.account from earlier as seen)
        )
        -- the account itself is one of those counted
        and countries.account_count <= $colleagues
),

too_soon as (
    select
        new.account,
        on_site.building,
        on_site.device,
        on_site.event_id,
        kilometers_apart(new.lat, new.lon, on_site.lat, on_site.lon)
        - new.accuracy_km as kilometers,
        greatest(abs(epoch(new.time) - epoch(on_site.start_time)), 60) / 3600 as hours
    from new
    inner join on_site on new.account = on_site.account
    where new.lat is not null and on_site.lat is not null
    qualify
        row_number() over (
            partition by new.account
            order by
                abs(epoch(new.time) - epoch(on_site.start_time)), on_site.event_id
        ) = 1
)

select
    new.account as subject,
    min(new.time) as start_time,
    max(new.time) as end_time,
    count(*)::double as measure,
    sorted_set([any_value(impossible.device)]) as observables,
    sorted_set(
        list_slice(list_sort(list(new.event_id)), 1, 20)
        || list_value(any_value(impossible.event_id))
    ) as evidence,
    struct_pack(
        signins := count(*),
        building := any_value(impossible.building),
        minutes := round(any_value(impossible.hours) * 60, 0)::bigint,
        kilometers := round(any_value(impossible.kilometers), 0)::bigint,
        is_journey := ruled_out_if(any_value(impossible.account) is not null),
        countries := sorted_values(country),
        colleagues := max(account_count) - 1,
        is_place_wrong := ruled_out_if(bool_and(is_place_sure))
    ) as details,
    $event_date::date as event_date
from new
left join too_soon as impossible
    on
        new.account = impossible.account
        and impossible.kilometers >= $kilometers
        and impossible.kilometers / impossible.hours >= $speed
group by new.account
