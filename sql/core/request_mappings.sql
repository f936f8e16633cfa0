/* ---
kind: ephemeral
summary: >
  The web requests of a day whose user a firewall took from a logon on the address, with
  the facts that confirm or refute the account. A mapping that names no known account
  has no row.
grain: [event_id]
lookahead: 1
params:
  event_date: {type: date}
  mapping_minutes:
    type: int
    default: 45
    min: 1
    max: 720
    unit: minutes
    why: firewalls drop a mapping after about this time, for any user
columns:
  event_id: core.request_origins
  confirming_fact:
    type: varchar
    is: 'keyboard or tunnel: origin of the fact that confirms the account'
  is_owner:
    type: boolean
    is: >-
      the inventory assigns the device to the account's owner; null where it assigns the
      device to no one
  is_outlived:
    type: boolean
    is: >-
      the firewall had the name for the address before another device took it over, and
      the account has not signed in there since
--- */
with

requests as (
    select
        origins.event_id,
        origins.start_time,
        origins.src_ip,
        origins.device,
        origins.device_pool,
        origins.assigned_to,
        origins.taken_over_time,
        origins.is_remote,
        names.account
    from core.request_origins as origins
    inner join identity.account_names as names on origins.user_name = names.user_name
    where origins.is_mapped and names.account is not null
),

accounts as (
    select
        account,
        person_id
    from identity.accounts
    where event_date = $event_date::date
),

keyboard_sessions as (
    select
        account,
        device,
        start_time,
        end_time
    from identity.presences
    where event_date = $event_date::date and state = 'live'
),

address_sessions as (
    select
        ip,
        account,
        witness,
        start_time,
        end_time
    from identity.account_addresses
    where event_date = $event_date::date
),

confirmed as (
    select
        event_id,
        min(fact) as fact
    from (
        select
            requests.event_id,
            'keyboard' as fact
        from requests
        inner join keyboard_sessions
            on
                requests.device = keyboard_sessions.device
                and requests.account = keyboard_sessions.account
                and requests.start_time between keyboard_sessions.start_time
                and keyboard_sessions.end_time
        union all
        -- the VPN accepted this account, at this address
        select
            requests.event_id,
            'tunnel' as fact
        from requests
        inner join address_sessions
            on
                requests.src_ip = address_sessions.ip
                and requests.account = address_sessions.account
                and requests.start_time between address_sessions.start_time
                and address_sessions.end_time
        where requests.is_remote and address_sessions.witness = 'tunnel'
    ) as confirmations
    group by event_id
),

-- it may be the account of the person who left
outlived as (
    select distinct
        taken_over.src_ip,
        taken_over.taken_over_time,
        earlier.account
    from (
        select distinct
            src_ip,
            taken_over_time
        from requests
        where taken_over_time is not null
    ) as taken_over
    inner join address_sessions as earlier
        on
            taken_over.src_ip = earlier.ip
            and earlier.start_time < taken_over.taken_over_time
            and earlier.end_time
            >= taken_over.taken_over_time - interval 1 minute * $mapping_minutes
    left join address_sessions as since
        on
            taken_over.src_ip = since.ip
            and earlier.account = since.account
            and since.witness in ('keyboard', 'wifi', 'tunnel', 'sign_in')
            and since.start_time >= taken_over.taken_over_time - interval 1 minute
    where earlier.witness = 'mapping' and since.ip is null
)

select
    requests.event_id,
    confirmed.fact as confirming_fact,
    -- two facts that agree are worth a login, two that differ name no one
    case
        when requests.device_pool is null
            then accounts.person_id = requests.assigned_to
    end as is_owner,
    outlived.account is not null as is_outlived
from requests
left join accounts on requests.account = accounts.account
left join confirmed on requests.event_id = confirmed.event_id
left join outlived
    on
        requests.src_ip = outlived.src_ip
        and requests.taken_over_time = outlived.taken_over_time
        and requests.account = outlived.account
        and requests.start_time
        < requests.taken_over_time + interval 1 minute * $mapping_minutes
