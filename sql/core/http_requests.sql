/* ---
summary: >
  Every web request of a day with what is known about it: the account, the device that
  held the address when it began, the place, the site, and a grade that shows how the
  account is known. Where two devices have a claim on the address at that moment, the
  device is unknown. Grade A: the line itself carries a login, or two facts of different
  origins name one person and none names another. Facts are the person to whom the
  inventory assigns the device, a live keyboard session, a network login (802.1X), a
  login at a firewall's page, a VPN login, and a firewall's mapping of the address; a
  mapping counts with one other fact, never with the login that it was made from. B: the
  device is assigned to one person and no source saw another one there. C: one fact
  alone names the account, and no other source contradicts it: a live keyboard session,
  a login at a firewall's page, a VPN login, a network login that follows another
  account's, or one with a device that is assigned to no one, or a firewall's mapping.
  That another person holds the device contradicts none of the first four: the account
  was in use there, by any person. D: only an address, which names no one. From
  outside, where no VPN log identifies the device, it is assumed to be the owner's while
  the account is at its keyboard; a device that is on site at that time is not it. In a
  network that spans buildings the access point that the device joined identifies the
  place; where it and the network name two, neither counts. Where a firewall records a
  session in two lines, the line with the host gets the bytes and the end of the other.
grain: [event_id]
lookback: 1
lookahead: 1
params:
  event_date: {type: date}
columns:
  event_id: core.request_origins
  source: core.request_origins
  time: core.request_origins
  start_time: core.request_origins
  is_ambiguous_time: core.request_origins
  account: {type: varchar, pii: direct, is: account it counts for}
  person_id: {type: varchar, pii: indirect, is: owner of the account}
  account_type: varchar
  is_staff: {type: boolean, is: the owner works for the district}
  is_student: {type: boolean, is: the owner is a student}
  job_title: {type: varchar, pii: indirect, is: the owner's job}
  role: {type: varchar, is: the owner's role on that day}
  school: {type: varchar, is: the owner's first building}
  attribution_grade: {type: varchar, is: 'A, B, C or D'}
  attribution_facts:
    type: varchar
    is: 'origins of the facts that name the account, such as inventory + network'
  is_given:
    type: boolean
    is: >-
      the account's password was given at this device: the line's own login, a keyboard
      session, a firewall's page, a tunnel or a network login that follows another's
  is_user_unknown:
    type: boolean
    is: >-
      the login of a network, a page or a tunnel alone names the account, on a device
      that another person holds, or that no log names: any person may have used it
  src_ip: core.request_origins
  device: core.request_origins
  device_class: core.request_origins
  device_pool: core.request_origins
  device_owner:
    type: varchar
    pii: indirect
    is: 'person the device is assigned to, otherwise who uses it nearly alone'
  is_district_device: core.request_origins
  binding_event_id: core.request_origins
  device_basis: core.request_origins
  building: core.request_origins
  campus: {type: varchar, is: campus of the building}
  lat: double
  lon: double
  net_kind: core.request_origins
  has_location: core.request_origins
  url_hostname: core.request_origins
  site: {type: varchar, is: registrable domain of the host}
  method: core.request_origins
  status_code: core.request_origins
  bytes_in: core.request_origins
  bytes_out: core.request_origins
  is_half: core.request_origins
  content_type: core.request_origins
  category: core.request_origins
  disposition: core.request_origins
  event_date: {type: date, is: local day on which it began}
--- */
with

origins as (
    select *
    from core.request_origins
),

device_accounts as (
    select *
    from core.request_accounts
),

mappings as (
    select *
    from core.request_mappings
),

names as (
    select
        user_name,
        account
    from identity.account_names
),

accounts as (
    select
        account,
        -- an account that several people may use belongs to none of them
        case when approved_shared then 'role_shared' else account_type end
            as account_type,
        person_id,
        is_staff,
        is_student,
        job_title,
        role,
        home_building as school
    from identity.accounts
    where event_date = $event_date::date
),

buildings as (
    select
        building,
        campus,
        lat,
        lon
    from registry.buildings
),

hosts as (
    select
        url_hostname,
        site
    from identity.hosts
),

graded as (
    select
        origins.*,
        case
            when
                names.account is not null
                and (not origins.is_mapped or mappings.confirming_fact is not null)
                then 'A'
            when device_accounts.is_contested then 'D'
            -- a name that was guessed for an address of many is no one's in particular;
            -- an agent names the device, too
            when
                origins.is_mapped
                and origins.is_crowded
                and coalesce(origins.device_basis <> 'agent', true)
                then 'D'
            when mappings.is_owner then 'A'
            when
                names.account = device_accounts.session_account
                and device_accounts.session_account_count = 1
                and device_accounts.is_given
                then 'C'
            when not mappings.is_owner or mappings.is_outlived then 'D'
            when names.account is not null then 'C'
            when
                device_accounts.supported_account is not null
                and not device_accounts.is_opposed
                and coalesce(device_accounts.session_account_count = 1, true)
                then 'A'
            when
                origins.owner_account is not null
                and origins.device_pool is null
                and not coalesce(device_accounts.is_opposed, false)
                then 'B'
            when device_accounts.session_account_count = 1 then 'C'
            else 'D'
        end as attribution_grade,
        names.account as named_account,
        mappings.confirming_fact,
        device_accounts.supported_account,
        device_accounts.supporting_facts,
        device_accounts.session_account,
        device_accounts.session_fact,
        coalesce(
            device_accounts.is_given and device_accounts.session_account_count = 1,
            false
        ) as is_given_there
    from origins
    left join names on origins.user_name = names.user_name
    left join device_accounts on origins.event_id = device_accounts.event_id
    left join mappings on origins.event_id = mappings.event_id
),

attributed as (
    select
        *,
        case attribution_grade
            when 'A' then coalesce(named_account, supported_account)
            when 'B' then owner_account
            when 'C' then coalesce(named_account, session_account)
        end as account,
        coalesce(named_account is not null and not is_mapped, false)
            as has_login,
        case
            when attribution_grade = 'D' then null
            when named_account is not null and not is_mapped then 'login'
            when named_account is not null and attribution_grade = 'A'
                then 'mapping + ' || coalesce(confirming_fact, 'inventory')
            when named_account is not null
                then
                    if(
                        is_given_there
                        and coalesce(named_account = session_account, false),
                        session_fact,
                        'mapping'
                    )
            when attribution_grade = 'A' then supporting_facts
            when attribution_grade = 'B' then 'inventory'
            else session_fact
        end as attribution_facts
    from graded
)

select
    attributed.event_id,
    attributed.source,
    attributed.time,
    attributed.start_time,
    attributed.is_ambiguous_time,
    attributed.account,
    accounts.person_id,
    accounts.account_type,
    accounts.is_staff,
    accounts.is_student,
    accounts.job_title,
    accounts.role,
    accounts.school,
    attributed.attribution_grade,
    attributed.attribution_facts,
    attributed.account is not null
    and (
        attributed.has_login
        or (
            attributed.is_given_there
            and coalesce(attributed.account = attributed.session_account, false)
        )
    ) as is_given,
    coalesce(
        attributed.attribution_grade = 'C'
        and attributed.attribution_facts in ('network', 'portal', 'tunnel')
        and (
            is_unknown_tunnel(attributed.device)
            or accounts.person_id
            <> coalesce(attributed.assigned_to, attributed.usual_user)
        ),
        false
    ) as is_user_unknown,
    attributed.src_ip,
    attributed.device,
    attributed.device_class,
    attributed.device_pool,
    coalesce(attributed.assigned_to, attributed.usual_user) as device_owner,
    attributed.is_district_device,
    attributed.binding_event_id,
    attributed.device_basis,
    attributed.building,
    buildings.campus,
    buildings.lat,
    buildings.lon,
    attributed.net_kind,
    attributed.has_location,
    attributed.url_hostname,
    hosts.site,
    attributed.method,
    attributed.status_code,
    attributed.bytes_in,
    attributed.bytes_out,
    attributed.is_half,
    attributed.content_type,
    attributed.category,
    attributed.disposition,
    $event_date::date as event_date
from attributed
left join accounts on attributed.account = accounts.account
left join buildings on attributed.building = buildings.building
left join hosts on attributed.url_hostname = hosts.url_hostname
