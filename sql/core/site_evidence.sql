/* ---
summary: >
  The use of sites that a rule may judge: by a staff account that a login or a live
  keyboard identifies, with a person at the keyboard where the device's log shows it,
  not on a private phone. Each row states whether the site was read rather than
  embedded, and how much of it is in visits of more than one request. Sites of a
  sensitive kind are left out. The rules about sites add only their own conditions. Time
  counts in visits that loaded a page: the size of one page shows nothing about another.
grain: [account, device, site, event_date]
params:
  event_date: {type: date}
  page_bytes:
    type: int
    default: 45000
    min: 1000
    max: 10000000
    unit: bytes
    why: >-
      separates a page from a feed; less where half of a building's answers are smaller,
      more where a quarter of them are not
  compared_requests:
    type: int
    default: 200
    min: 1
    max: 1000000
    unit: requests
    why: fewer answers of a building on a day do not show its half
  pages:
    type: int
    default: 3
    min: 1
    max: 100
    why: some pages are small; several documents are reading all the same
  embed_share:
    type: double
    default: 0.7
    min: 0.1
    max: 1
    why: mostly asked for within seconds of another site's page
  live_share:
    type: double
    default: 0.5
    min: 0
    max: 1
    why: with a logon log, no one at the keyboard means no one is reading
  beside_seconds:
    type: int
    default: 600
    min: 60
    max: 7200
    unit: seconds
    why: use in two places within ten minutes is that of two persons
columns:
  account: varchar
  device: varchar
  device_class: varchar
  is_district_device: boolean
  building: core.site_use
  site: core.site_use
  verdict: varchar
  is_external: {type: boolean, is: no approval applies to this account on this day}
  entry_id: varchar
  attribution_grade: {type: varchar, is: A or C}
  is_live_known: {type: boolean, is: the device's logons show a live keyboard}
  is_break_known: {type: boolean, is: breaks of the owner's day are known}
  is_owner_away:
    type: boolean
    is: >-
      in a building during approved leave of the owner, or on a device of another while
      the account was in use in another place
  start_time: core.site_use
  end_time: core.site_use
  longest_seconds: {type: double, is: 'longest visit, of those that brought a page'}
  total_seconds: {type: double, is: all that brought one}
  on_duty_seconds: double
  visit_count: bigint
  request_count: bigint
  page_bytes: {type: double, is: 'so large an answer is a page there; 0: any is'}
  largest_bytes: bigint
  embed_share: double
  is_page_read:
    type: boolean
    is: 'a page came in a visit that is not embedded, and most of the day is not either'
  categories: varchar
  non_work_sources: bigint
  is_well_known: boolean
  is_work_system: core.site_use
  served: varchar[]
  evidence: {type: 'bigint[]', is: 'the requests, and what identifies the user'}
  attribution_evidence: {type: 'bigint[]', is: the leases and logons among them}
  active_visits: {type: bigint, is: those of more than a lone request}
  active_seconds: {type: double, is: 'in these, from first request to last'}
  active_evidence: {type: 'bigint[]', is: 'their requests, leases and logons'}
  spans: struct(began double, ended double)[]
  active_spans:
    type: 'struct(began double, ended double)[]'
    pii: indirect
    is: the same of visits of more than a lone request
  event_date: {type: date, is: local day}
--- */
with

use as (
    select *
    from core.site_use
    where
        event_date = $event_date::date
        and is_staff
        and device_class is distinct from 'phone_byod'
        -- an assigned device does not show who used it
        and attribution_grade in ('A', 'C')
        and (live_share >= $live_share or not is_live_known)
        -- such use is counted in marts, and counts against no one
        and not coalesce(is_sensitive, false)
),

-- what a page comes to differs by building: what its filter counts, how it packs. Where
-- the network shows no building, the whole district is compared
sizes as (
    select
        building,
        greatest(
            quantile_cont(bytes_in, 0.25), least($page_bytes, median(bytes_in))
        ) as page_bytes
    from (
        select
            unnest(list_distinct([coalesce(building, ''), ''])) as building,
            bytes_in
        from core.engaged_requests
        where event_date = $event_date::date and not is_page
    ) as compared
    group by building
    having count(*) >= $compared_requests
),

rested as (
    select distinct person_id
    from core.duty
    where
        event_date = $event_date::date
        and kind is distinct from 'possible'
        and breaks is not null
),

leave as (
    select
        person_id,
        list(
            struct_pack(began := epoch(start_time), ended := epoch(end_time))
        ) as spans
    from registry.leave_windows
    where event_date = $event_date::date and status = 'approved'
    group by person_id
),

-- where and when accounts with more than one device were in use
placed as (
    select
        account,
        device,
        coalesce(campus, net_kind) as place,
        device_owner = person_id as is_own,
        epoch(start_time) as started
    from core.engaged_requests
    where
        event_date = $event_date::date
        and attribution_grade = 'A'
        and is_live
        and (has_location or net_kind = 'remote')
    qualify
        min(device) over (partition by account)
        < max(device) over (partition by account)
),

in_two_places as (
    select distinct
        here.account,
        here.device
    from placed as here
    inner join placed as there
        on
            here.account = there.account
            and here.device <> there.device
            and here.place <> there.place
            and there.started between here.started - $beside_seconds
            and here.started + $beside_seconds
    where not coalesce(here.is_own, false)
),

measured as (
    select
        use.*,
        if(
            use.page_count >= $pages, 0, coalesce(sizes.page_bytes, $page_bytes)
        )::double as page_bytes
    from use
    left join sizes on coalesce(use.building, '') = sizes.building
),

-- a page of the morning does not make a reader of the feed at noon
paged as (
    select visits.*
    from core.site_visits as visits
    inner join measured
        on
            visits.account = measured.account
            and visits.device = measured.device
            and visits.site = measured.site
    where
        visits.event_date = $event_date::date
        and coalesce(visits.largest_bytes, 0) >= measured.page_bytes
        -- nor do lone requests at noon make one of the page that embedded it
        and visits.followed_count < $embed_share * visits.request_count
),

-- a lone request may be a preview, and the tunnel it leaves open has no reader
visits as (
    select
        account,
        device,
        site,
        max(active_seconds) as longest_seconds,
        sum(active_seconds) as total_seconds,
        sum(on_duty_seconds) as on_duty_seconds,
        count(*) as visit_count,
        list_sort(flatten(list(spans))) as page_spans,
        count_if(request_count >= 2)::bigint as active_visits,
        coalesce(
            sum(active_seconds) filter (where request_count >= 2), 0
        ) as active_seconds,
        list_sort(
            flatten(list(evidence) filter (where request_count >= 2))
        ) as evidence,
        list_sort(flatten(list(spans) filter (where request_count >= 2))) as spans
    from paged
    group by account, device, site
)

select
    use.account,
    use.device,
    use.device_class,
    coalesce(use.is_district_device, false) as is_district_device,
    use.building,
    use.site,
    use.verdict,
    is_external(use.verdict) as is_external,
    use.entry_id,
    use.attribution_grade,
    coalesce(use.is_live_known, false) as is_live_known,
    rested.person_id is not null as is_break_known,
    in_two_places.account is not null
    or (
        use.building is not null
        and coalesce(
            list_bool_or(
                list_transform(
                    coalesce(visits.page_spans, use.spans),
                    lambda span: list_bool_or(
                        list_transform(
                            leave.spans,
                            lambda away: span['began'] < away['ended']
                            and span['ended'] > away['began']
                        )
                    )
                )
            ),
            false
        )
    ) as is_owner_away,
    use.start_time,
    use.end_time,
    coalesce(visits.longest_seconds, use.longest_seconds) as longest_seconds,
    coalesce(visits.total_seconds, use.total_seconds) as total_seconds,
    coalesce(visits.on_duty_seconds, use.on_duty_seconds) as on_duty_seconds,
    coalesce(visits.visit_count, use.visit_count) as visit_count,
    use.request_count,
    use.page_bytes,
    use.largest_bytes,
    use.embed_share,
    visits.site is not null
    -- however large it is: a film within a page is the page's
    and use.embed_share < $embed_share as is_page_read,
    use.categories,
    use.non_work_sources,
    use.is_well_known,
    coalesce(use.is_work_system, false) as is_work_system,
    coalesce(use.served, []::varchar[]) as served,
    sorted_set(
        use.evidence || coalesce(use.attribution_evidence, []::bigint[])
    ) as evidence,
    use.attribution_evidence,
    coalesce(visits.active_visits, 0) as active_visits,
    coalesce(visits.active_seconds, 0) as active_seconds,
    sorted_set(
        visits.evidence || coalesce(use.attribution_evidence, []::bigint[])
    ) as active_evidence,
    coalesce(visits.page_spans, use.spans) as spans,
    visits.spans as active_spans,
    use.event_date
from measured as use
left join visits
    on
        use.account = visits.account
        and use.device = visits.device
        and use.site = visits.site
left join rested on use.person_id = rested.person_id
left join leave on use.person_id = leave.person_id
left join in_two_places
    on use.account = in_two_places.account and use.device = in_two_places.device
