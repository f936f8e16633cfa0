/* ---
summary: >
  What two weeks of logs show about devices that the registry lists only by name: the
  network card (a lease or a network login carries the name), the building (the one
  place where it is nearly all the time) and the class (people sign in at its keyboard;
  wired, in a lab or on Wi-Fi). A value in the registry always wins, and a card is
  learned only if the logs leave no doubt: the name belongs to one device of the
  registry, the card has no other name, and the name has no other card, except one
  wired and one wireless card. A card that the device makes up for a Wi-Fi network goes
  with the registry's own card: it is learned in a network of the district, on two days
  or more, one after the other, and only if the device's holder is among those who join
  with it. `problem` states the obstacle: a computer that was
  renamed, two computers with one name, a docking station, a private phone. In the first
  two weeks of the logs all of them count.
grain: [device, event_date]
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
  sightings:
    type: int
    default: 2
    min: 1
    max: 1000
    why: one line may be a slip; a device renews its lease every day
  building_share:
    type: double
    default: 0.95
    min: 0.5
    max: 1
    why: a device that moves between buildings belongs to none by its logs
  seat_days:
    type: int
    default: 6
    min: 3
    max: 14
    unit: days
    why: fewer of ten school days may be a substitute or a project
  seat_share:
    type: double
    default: 0.8
    min: 0.5
    max: 1
    why: of the days with a sign-in; a colleague who helps leaves one or two
columns:
  device: {type: varchar, pii: indirect, is: device of the registry}
  mac: {type: varchar, pii: indirect, is: learned card}
  other_mac: {type: varchar, pii: indirect, is: second learned card}
  private_macs: {type: 'varchar[]', pii: indirect, is: cards that it made up itself}
  device_class: {type: varchar, is: 'desktop, laptop or lab_pc; null if not learned'}
  building: {type: varchar, is: learned building; null if not learned}
  usual_user:
    type: varchar
    pii: indirect
    is: 'person who uses it nearly alone; history, not an assignment'
  sighting_count: {type: bigint, is: 'leases and network logins behind it'}
  keyboard_count: {type: bigint, is: sign-ins at its keyboard behind it}
  event_id: {type: bigint, is: first line behind it}
  problem: {type: varchar, is: why no card was learned although the name was seen}
  event_date: {type: date, is: local day that the row serves}
--- */
with

sightings as (
    select *
    from identity.device_sightings
    where
        event_date between $event_date::date - interval 27 day
        and $event_date::date + interval 13 day
    qualify is_in_two_weeks(event_date, $event_date::date)
),

registered as (
    select
        device,
        hostname,
        serial,
        asset_tag,
        mac,
        ethernet_mac,
        nullif(device_class, 'other') as device_class,
        building,
        assigned_to,
        pool
    from registry.devices
    where
        $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31')
),

names as (
    select
        name,
        min(device) as device
    from (
        select
            device,
            unnest([hostname, serial, asset_tag]) as name
        from registered
    ) as spelled
    where name is not null
    group by name
    having count(distinct device) = 1
),

registered_cards as (
    select unnest([mac, ethernet_mac]) as mac
    from registered
),

-- a card that appears under several names was renamed, or is a docking station's
cards as (
    select
        mac,
        count(distinct name) as name_count
    from sightings
    where mac is not null and seen_in <> 'login'
    group by mac
),

name_cards as (
    select
        names.device,
        sightings.mac,
        sum(sightings.sighting_count) as sighting_count,
        min(sightings.event_id) as event_id,
        min(sightings.first_time) as first_time,
        coalesce(bool_or(sightings.net_kind in ('wifi', 'remote')), false)
            as is_wireless,
        coalesce(bool_and(sightings.net_kind in ('byod', 'guest', 'nat')), false)
        or is_random_card('mac:' || sightings.mac) as is_private,
        max(cards.name_count) as name_count
    from sightings
    inner join names on sightings.name = names.name
    inner join cards on sightings.mac = cards.mac
    where
        sightings.mac not in (
            select registered_cards.mac from registered_cards
            where registered_cards.mac is not null
        )
    group by names.device, sightings.mac
),

-- grouped, so that no plan joins everyone to every sighting of a day first
people as (
    select
        spelled.user_name,
        accounts.person_id
    from identity.accounts as accounts
    inner join identity.account_names as spelled
        on accounts.account = spelled.account
    where
        accounts.event_date = $event_date::date
        and accounts.account_type = 'person'
        and accounts.person_id is not null
        and not accounts.approved_shared
    group by spelled.user_name, accounts.person_id
),

-- who joins the network with a card that a device made up
card_holders as (
    select
        sightings.mac,
        bool_or(people.person_id = registered.assigned_to) as has_holder,
        name_cards.device
    from sightings
    inner join name_cards on sightings.mac = name_cards.mac
    inner join registered on name_cards.device = registered.device
    left join people on sightings.user_name = people.user_name
    where sightings.seen_in = 'login'
    group by sightings.mac, name_cards.device
),

private_cards as (
    select
        names.device,
        sightings.mac,
        min(sightings.first_time) as first_time,
        max(sightings.last_time) as last_time
    from sightings
    inner join names on sightings.name = names.name
    inner join registered on names.device = registered.device
    inner join cards on sightings.mac = cards.mac
    left join card_holders
        on
            sightings.mac = card_holders.mac
            and names.device = card_holders.device
    where
        sightings.seen_in = 'lease'
        and is_random_card('mac:' || sightings.mac)
        and cards.name_count = 1
        and registered.device_class is distinct from 'phone_byod'
        and (
            registered.assigned_to is null
            or coalesce(card_holders.has_holder, card_holders.mac is null)
        )
    group by names.device, sightings.mac
    having
        count(distinct sightings.event_date) >= $sightings
        and bool_and(coalesce(sightings.net_kind in ('wired', 'wifi', 'lab'), false))
),

-- a card that is in use before the last one is gone is another device's
following_cards as (
    select
        device,
        mac,
        coalesce(
            first_time <= max(last_time) over (
                partition by device
                order by first_time, mac
                rows between unbounded preceding and 1 preceding
            ),
            false
        ) as is_overlapping
    from private_cards
),

own_cards as (
    select
        device,
        list_sort(list(mac)) as macs
    from following_cards
    group by device
    having not bool_or(is_overlapping)
),

devices_cards as (
    select
        device,
        min_by(mac, (first_time, mac)) as mac,
        case when count(*) = 2 then max_by(mac, (first_time, mac)) end as other_mac,
        sum(sighting_count)::bigint as sighting_count,
        min(event_id) as event_id,
        case
            when bool_or(is_private)
                then 'a private device by its network or its card'
            when max(name_count) > 1 then 'the card appears under several names'
            when
                count(*) > 2
                or (count(*) = 2 and count_if(is_wireless) <> 1)
                then 'several cards carry the name'
            when sum(sighting_count) < $sightings then 'seen only once'
        end as problem
    from name_cards
    group by device
),

-- of devices that have a card, listed or learned: where their leases are
places as (
    select
        coalesce(by_card.device, names.device) as device,
        sightings.building,
        sightings.net_kind,
        count(distinct sightings.event_date) as day_count
    from sightings
    left join (
        select
            device,
            unnest([mac, ethernet_mac]) as mac
        from registered
    ) as by_card on sightings.mac = by_card.mac
    left join names on sightings.name = names.name
    where
        sightings.seen_in = 'lease'
        and coalesce(by_card.device, names.device) is not null
    group by all
),

buildings as (
    select
        device,
        max_by(building, day_count) as building
    from (
        select
            device,
            building,
            sum(day_count) as day_count
        from places
        group by device, building
    ) as by_building
    group by device
    having max(day_count) >= $building_share * sum(day_count)
),

kinds as (
    select
        device,
        coalesce(bool_or(net_kind in ('wifi', 'remote')), false)
        or count(distinct building) > 1 as is_mobile,
        coalesce(bool_and(net_kind = 'lab'), false) as is_lab
    from places
    group by device
),

keyboard_use as (
    select
        names.device,
        sum(sightings.sighting_count)::bigint as keyboard_count,
        min(sightings.event_id) as event_id
    from sightings
    inner join names on sightings.name = names.name
    where sightings.seen_in = 'keyboard'
    group by names.device
),

-- a person who signs in on most days, on a computer where hardly anyone else does
sign_in_days as (
    select
        names.device,
        people.person_id,
        count(distinct sightings.event_date) as day_count
    from sightings
    inner join names on sightings.name = names.name
    inner join people on sightings.user_name = people.user_name
    where sightings.seen_in = 'keyboard'
    group by names.device, people.person_id
),

usual_users as (
    select
        device,
        max_by(person_id, (day_count, person_id)) as person_id
    from sign_in_days
    group by device
    having
        max(day_count) >= $seat_days
        and max(day_count) >= $seat_share * sum(day_count)
)

select
    registered.device,
    case
        when devices_cards.problem is null and registered.mac is null
            then devices_cards.mac
    end as mac,
    case
        when
            devices_cards.problem is null
            and coalesce(registered.mac, registered.ethernet_mac) is null
            then devices_cards.other_mac
    end as other_mac,
    own_cards.macs as private_macs,
    case
        when registered.device_class is not null or keyboard_use.device is null
            then null
        when kinds.is_lab then 'lab_pc'
        when kinds.is_mobile then 'laptop'
        when kinds.device is not null then 'desktop'
    end as device_class,
    case when registered.building is null then buildings.building end as building,
    case
        when coalesce(registered.assigned_to, registered.pool) is null
            then usual_users.person_id
    end as usual_user,
    coalesce(devices_cards.sighting_count, 0) as sighting_count,
    coalesce(keyboard_use.keyboard_count, 0) as keyboard_count,
    least(devices_cards.event_id, keyboard_use.event_id) as event_id,
    case
        when registered.mac is null and own_cards.device is null
            then devices_cards.problem
    end as problem,
    $event_date::date as event_date
from registered
left join devices_cards on registered.device = devices_cards.device
left join own_cards on registered.device = own_cards.device
left join buildings on registered.device = buildings.device
left join kinds on registered.device = kinds.device
left join keyboard_use on registered.device = keyboard_use.device
left join usual_users on registered.device = usual_users.device
where
    (registered.mac is null and devices_cards.device is not null)
    or own_cards.device is not null
    or (registered.device_class is null and keyboard_use.device is not null)
    or (registered.building is null and buildings.building is not null)
    or (
        coalesce(registered.assigned_to, registered.pool) is null
        and usual_users.person_id is not null
    )
