/* ---
summary: >
  For each account and host of a day, the decision of the district's list of sites on
  that day for that role. A denying entry beats all others, an approving one beats an
  expired one, and an entry for a path stays undecidable, since a tunnel hides the
  path. A host that supports another entry's site follows that entry, as long as its own
  is valid. An approval for one person does not apply to others, and one that has not
  begun is none. Where the role of the account is not on file, an entry for a role is
  undecidable. Without an entry a site is external, which is not a violation. A list
  that is not complete shows nothing about the sites that it lacks. Sites that an
  account asked for only in logs without sizes are among them. A service is listed even
  if only its hosts were requested, with the decision for any site of it.
grain: [account, url_hostname, event_date]
params:
  event_date: {type: date}
  lapsed_days:
    type: int
    default: 90
    min: 1
    max: 730
    unit: days
    why: an approval that ended in this quarter was withdrawn; of an older one few know
by_account: [core.engaged_requests, core.http_requests, core.unsized_use]
columns:
  account: core.engaged_requests
  url_hostname: core.served_hosts
  verdict:
    type: varchar
    is: >-
      approved, approved_for_students, approved_other_role, lapsed, undecidable,
      denied, leisure, no_list or external
  entry_id: {type: varchar, is: the entry that decided}
  site_class: {type: varchar, is: 'class of the entry; unreviewed external without one'}
  event_date: {type: date, is: local day}
--- */
with

engaged as (
    select distinct
        account,
        person_id,
        is_staff,
        job_title,
        url_hostname,
        site
    from core.engaged_requests
    where event_date = $event_date::date
),

-- sites that the account asked for in logs without sizes alone
unsized as (
    select distinct
        requests.account,
        requests.person_id,
        requests.is_staff,
        requests.job_title,
        requests.url_hostname,
        requests.site
    from core.http_requests as requests
    semi join core.unsized_use as visits
        on
            requests.event_date = visits.event_date
            and requests.account = visits.account
            and requests.device = visits.device
            and requests.site = visits.site
    anti join engaged
        on requests.account = engaged.account and requests.site = engaged.site
    where requests.event_date = $event_date::date
),

asked as (
    select * from engaged
    union all
    select * from unsized
),

services as (
    select distinct
        asked.account,
        asked.person_id,
        asked.is_staff,
        asked.job_title,
        served.service as url_hostname,
        served.service as site
    from asked
    inner join core.served_hosts as served
        on
            asked.url_hostname = served.url_hostname
            and served.event_date = $event_date::date
    left join asked as itself
        on
            asked.account = itself.account
            and served.service = itself.url_hostname
    where itself.account is null
),

visited as (
    select
        *,
        false as is_service
    from asked
    union all
    select
        *,
        true as is_service
    from services
),

accounts as (
    select
        account,
        job_title,
        role
    from identity.accounts
    where event_date = $event_date::date
),

-- an entry for a role that no one has may be misspelled
held_roles as (
    select role from accounts
    union
    select job_title as role from accounts
),

listed as (
    select
        entry_id,
        pattern,
        match,
        role,
        site_class,
        supports,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from registry.approved_sites
),

complete as (
    select kind
    from registry.site_list
    where complete_from <= $event_date::date
),

-- hosts of the kinds for which the list is complete
on_complete_list as (
    select url_hostname
    from visited
    where 'all' in (select complete.kind from complete)
    union
    select kinds.url_hostname
    from core.host_categories as kinds
    inner join complete on kinds.category = complete.kind
    where kinds.event_date = $event_date::date
),

-- the page asks for it by itself: who may open the page may open the host
entries as (
    select
        coalesce(served.entry_id, own.entry_id) as entry_id,
        own.pattern,
        own.match,
        coalesce(served.match, own.match) as decides,
        coalesce(served.role, own.role) as role,
        coalesce(served.site_class, own.site_class) as site_class,
        greatest(own.valid_from, coalesce(served.valid_from, own.valid_from))
            as valid_from,
        least(own.valid_to, coalesce(served.valid_to, own.valid_to)) as valid_to,
        split_part(own.pattern, '/', 1) as pattern_host
    from listed as own
    left join listed as served
        on own.supports = served.entry_id and own.entry_id <> served.entry_id
),

pattern_sites as (
    select
        url_hostname,
        site
    from identity.hosts
),

placed as (
    select
        entries.*,
        coalesce(pattern_sites.site, entries.pattern_host) as pattern_site
    from entries
    left join pattern_sites on entries.pattern_host = pattern_sites.url_hostname
),

matched as (
    select
        visited.account,
        visited.url_hostname,
        placed.entry_id,
        placed.decides,
        placed.site_class,
        placed.role,
        visited.is_staff,
        length(placed.pattern_host) as specificity,
        -- null where the roster lacks what the entry asks for, or no one has its role
        case
            when placed.role = 'all' then true
            when placed.role = 'staff' then visited.is_staff
            when placed.role = 'student' then not visited.is_staff
            when starts_with(placed.role, 'person:')
                then placed.role = 'person:' || visited.person_id
            when placed.role in (visited.job_title, accounts.role) then true
            when placed.role in (select held_roles.role from held_roles)
                then
                    placed.role = visited.job_title
                    or placed.role = accounts.role
        end as is_for_role,
        $event_date::date between placed.valid_from and placed.valid_to as is_current,
        -- long ago, the entry is as if it had never been
        $event_date::date - placed.valid_to between 1 and $lapsed_days as is_over,
        on_complete_list.url_hostname is not null as is_list_complete
    from visited
    inner join placed on visited.site = placed.pattern_site
    left join accounts on visited.account = accounts.account
    left join on_complete_list
        on visited.url_hostname = on_complete_list.url_hostname
    where
        (
            placed.match in ('domain', 'deny')
            and (
                visited.url_hostname = placed.pattern_host
                or ends_with(visited.url_hostname, '.' || placed.pattern_host)
            )
        )
        or (
            placed.match in ('host', 'path_prefix')
            and visited.url_hostname = placed.pattern_host
        )
        or (visited.is_service and placed.match in ('domain', 'host', 'path_prefix'))
),

judged as (
    select
        *,
        case
            -- a denial that has ended, or for others, leaves nothing behind
            when decides = 'deny' and is_current and is_for_role then 'denied'
            when decides = 'deny' then null
            when decides = 'path_prefix' then 'undecidable'
            when is_current and is_for_role then 'approved'
            -- what the district gives its students, staff may look at
            when is_current and is_staff and role = 'student'
                then 'approved_for_students'
            -- an account without a role on file may have the entry's
            when is_current and is_for_role is null then 'undecidable'
            -- an entry that leaves others out is about a list that is complete
            when not is_list_complete then null
            -- consent for one person is not consent for another
            when is_current and not starts_with(role, 'person:')
                then 'approved_other_role'
            when is_for_role and is_over then 'lapsed'
        end as verdict
    from matched
),

ranked as (
    select
        *,
        case verdict
            when 'denied' then 1
            when 'approved' then 2
            when 'undecidable' then 3
            when 'approved_for_students' then 4
            when 'approved_other_role' then 5
            when 'lapsed' then 6
        end as precedence
    from judged
    where verdict is not null
    qualify
        row_number() over (
            partition by account, url_hostname
            order by precedence, specificity desc, entry_id
        ) = 1
),

leisure as (
    select
        account,
        site
    from core.leisure_use
    where event_date = $event_date::date
)

select
    visited.account,
    visited.url_hostname,
    coalesce(
        ranked.verdict,
        -- a district that has no complete list has not decided about the rest
        case
            when on_complete_list.url_hostname is not null then 'external'
            when leisure.account is not null then 'leisure'
            else 'no_list'
        end
    ) as verdict,
    ranked.entry_id,
    coalesce(ranked.site_class, 'unreviewed external') as site_class,
    $event_date::date as event_date
from visited
left join ranked
    on
        visited.account = ranked.account
        and visited.url_hostname = ranked.url_hostname
left join on_complete_list
    on visited.url_hostname = on_complete_list.url_hostname
left join leisure
    on visited.account = leisure.account and visited.site = leisure.site
qualify
    row_number() over (
        partition by visited.account, visited.url_hostname
        order by visited.person_id, visited.site
    ) = 1
