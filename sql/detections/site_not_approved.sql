/* ---
title: Sustained use of a site that is not on the list
summary: >
  A staff account used an external site of a known non-work kind for a
  sustained stretch, on duty or on a district device. The site is known as non-work if
  two lists agree, if the list of well-known sites has it and no list differs, or if one
  list has it and the use lasts or repeats. Sites that the district's own list denies
  need no other list. Of games and file sharing of one list, another kind of fact must
  show it: much that was sent there, or half an hour on several days on a site that no
  student and few colleagues use. Of other kinds, another site of the same kind on
  another day shows it too. In a job without lessons one list is enough for a
  site that no student and few colleagues use. Short visits of one day count together.
  What a page embeds, a mail links to or a glance leaves does not count; nor do
  breaks count as duty.
code: NA-1
kind: non_approved_site
severity: low
severity_raised: [{to: medium, days: 3}, {to: medium, fact: is_repeated}]
base_confidence: C2
clauses: [cl.33, cl.24, cl.29]
requires_fields: [whose_request, site_asked_for]
requires_registry: [users.csv|accounts.csv]
session_policy:
  keyboard: finding
  network: finding
  stock: lead
  home: finding
  nothing: lead
grain: [subject, event_date]
ends:
  of: judged
  by: [account, used_site]
  where:
    too few requests: has_requests
    too short: is_long
    neither on duty nor on a district device: is_judged_place
    on one list, without a second day or fact: has_second_source
lookback: 13
lookahead: 13
params:
  event_date: {type: date}
  zone: {type: varchar}
  longest_seconds:
    type: int
    default: 240
    min: 60
    max: 7200
    unit: seconds
    why: >-
      a link in a mail or a glance stays under two minutes; this is twice
      that
  requests:
    type: int
    default: 3
    min: 1
    max: 100
    why: a single tunnel may be a preconnect
  long_seconds:
    type: int
    default: 1800
    min: 300
    max: 28800
    unit: seconds
    why: use this long in a day replaces a second list
  sent_megabytes:
    type: int
    default: 10
    min: 1
    max: 100000
    unit: megabytes
    why: pages and forms send a thousandth of it; files were put there
  colleagues:
    type: int
    default: 2
    min: 0
    max: 1000
    why: three colleagues who use a site on duty may use it for their lessons
  repeat_days:
    type: int
    default: 3
    min: 2
    max: 14
    unit: days
    why: three days in two weeks is a habit, not an occasion
columns:
  measure: {type: double, is: seconds of the longest visit}
claim: >-
  Account {account} used {sites:names} for about {total_seconds:duration} (estimate),
  the longest stretch about {longest_seconds:duration}[{is_off_duty?}, from {clock_time}
  on {weekday:map 1=Monday|2=Tuesday|3=Wednesday|4=Thursday|5=Friday|6=Saturday|Sunday},
  outside its owner's duty hours][{is_building_closed?}, while the building was closed];
  [{is_denied?}denied by the district's list][{is_off_list?}not on the approved
  list][{is_leisure?}known as {categories:names} and used by few colleagues; the
  district has no complete list yet].
details:
  shared: site
  is_break: boolean
  why_no_break: varchar
  is_owner_away: boolean
  is_repeated: boolean
  limb: varchar
  is_off_duty: boolean
  clock_time: varchar
  weekday: varchar
  is_building_closed: boolean
  is_denied: boolean
  is_leisure: boolean
  is_off_list: boolean
  is_on_one_list: boolean
  has_second_fact: boolean
  sent_megabytes: int
  is_used_alone: boolean
  is_desk_job: boolean
  is_one_of_kind: boolean
explanations:
  - shared: category
    ruled_out: >-
      [{is_denied?}the district's own list denies
      it][{!is_denied?}{!has_second_fact?}classified as non-work by two lists, or by the
      list of well-known sites][{is_desk_job?}one list classifies it as non-work, the
      owner's job has no lessons, and no student and few colleagues use
      it][{is_one_of_kind?}one list classifies it as non-work, and the account used
      another such site on another day; no student and few colleagues use
      either][{sent_megabytes?}one list classifies it as file sharing, and
      {sent_megabytes:number} MB were sent there][{is_used_alone?}one list classifies it
      as games or file sharing, and no student and few colleagues use it]
  - embed
  - service
  - shared: glance
    by_design: only four minutes or more count, in one stretch or in several of a day
  - break
  - away
  - name: A site that serves the job
    by_design: >-
      [{is_leisure?}few of the staff use it, few with the same job, and this account
      does not use it every day][{!is_leisure?}the list of sites was looked up for the
      account and day]
  - live
  - machine
  - approved
refuted_by:
  - an entry for the site on the approved list
  - a corrected category
  - a duty or device record that is changed
false_positives:
  - The site serves this job and is not on the list yet.
  - A list puts the site in the wrong category.
triage: >
  Decide about the site first. If it serves the job, put it on the list; the
  finding is then withdrawn.
--- */
with

evidence as (
    select
        *,
        coalesce(non_work_sources, 0) = 0
        and coalesce(verdict, '') <> 'denied'
        and regexp_matches(coalesce(categories, ''), 'file_sharing|games')
            as is_doubtful,
        -- what the list denies is one use, whichever of its sites it went to
        case when verdict = 'denied' then 'denied' else site end as used_site
    from core.site_evidence
    where
        event_date between $event_date::date - interval 13 day and $event_date::date
        and is_external
        -- an approval that does not cover the account is another rule's
        and coalesce(verdict not in ('approved_other_role', 'lapsed'), true)
        and is_page_read
),

-- a proxy's and a firewall's view of the same bytes are not added
sent as (
    select
        device,
        site,
        event_date,
        max(bytes_out) as bytes_out
    from (
        select
            device,
            site,
            event_date,
            seen_by,
            sum(bytes_out) as bytes_out
        from core.outside_flows
        where
            event_date between $event_date::date - interval 13 day
            and $event_date::date
            and bytes_out > 0
        group by device, site, event_date, seen_by
    ) as by_log
    group by device, site, event_date
),

lessons as (
    select
        site,
        user_key,
        bool_or(is_student) as is_student
    from core.lesson_use
    where
        event_date between $event_date::date - interval 13 day
        and $event_date::date + interval 13 day
    group by site, user_key
),

-- sites that may serve lessons; the account itself is one of the colleagues
shared as (
    select site
    from lessons
    group by site
    having bool_or(is_student) or count(*) > $colleagues + 1
),

summed as (
    select
        *,
        sum(total_seconds) over of_the_day as use_seconds,
        max(longest_seconds) over of_the_day as longest_of_use,
        sum(visit_count) over of_the_day as use_visits,
        sum(request_count) over of_the_day as use_requests
    from evidence
    window of_the_day as (partition by account, device, used_site, event_date)
),

weighed as (
    select
        summed.*,
        case
            when
                summed.is_doubtful
                and regexp_matches(summed.categories, 'file_sharing')
                and sent.bytes_out >= 1000000 * $sent_megabytes
                then (sent.bytes_out / 1000000)::bigint
        end as sent_megabytes,
        summed.is_doubtful
        and shared.site is null
        and summed.total_seconds >= $long_seconds as is_used_alone,
        summed.use_requests >= $requests as has_requests,
        summed.longest_seconds >= $longest_seconds
        -- a page that was looked at for longer than a visit's pause parts a visit
        or (
            summed.use_visits >= 2
            -- glances alone are another rule's
            and 2 * summed.longest_of_use >= $longest_seconds
            and summed.use_requests >= 2 * $requests
            and summed.use_seconds >= $longest_seconds
        ) as is_long,
        summed.on_duty_seconds >= $longest_seconds
        or summed.is_district_device as is_judged_place
    from summed
    left join sent
        on
            summed.device = sent.device
            and summed.site = sent.site
            and summed.event_date = sent.event_date
    left join shared on summed.site = shared.site
    where
        summed.non_work_sources >= 1
        or summed.verdict = 'denied'
        or summed.is_doubtful
),

use as (
    select *
    from weighed
    where has_requests and is_long and is_judged_place
),

desk_jobs as (
    select account
    from identity.accounts
    where event_date = $event_date::date and has_no_lessons(role, job_title)
),

days as (
    select
        account,
        site,
        count(distinct event_date) as day_count
    from use
    group by account, site
),

-- that one list is wrong about two sites of a kind is unlikely; two names of one site
-- are used on the same day
listed as (
    select distinct
        use.account,
        use.site,
        use.event_date,
        unnest(string_split(use.categories, ', ')) as kind
    from use
    left join shared on use.site = shared.site
    where
        use.non_work_sources >= 1
        and coalesce(use.verdict, '') <> 'denied'
        and shared.site is null
),

of_one_kind as (
    select distinct
        listed.account,
        listed.site
    from listed
    inner join listed as others
        on
            listed.account = others.account
            and listed.kind = others.kind
            and listed.site <> others.site
            and listed.event_date <> others.event_date
    where
        listed.event_date = $event_date::date
        and is_non_work_kind(listed.kind)
        and listed.kind not in ('games', 'file_sharing')
),

closed as (
    select building
    from registry.calendar_days
    where date = $event_date::date and is_closed_day(day_type)
),

rostered as (
    select accounts.account
    from core.rostered_people as people
    inner join identity.accounts as accounts on people.person_id = accounts.person_id
    where
        people.event_date = $event_date::date
        and accounts.event_date = $event_date::date
        and not people.is_usual_duty
),

judged as (
    select
        weighed.*,
        days.day_count,
        closed.building is not null as is_building_closed,
        rostered.account is not null and weighed.on_duty_seconds = 0 as is_off_duty,
        desk_jobs.account is not null
        and shared.site is null
        and weighed.non_work_sources < 2
        and not coalesce(weighed.is_well_known, false)
        and coalesce(weighed.verdict, '') <> 'denied'
        and weighed.longest_seconds >= $longest_seconds as is_desk_job,
        of_one_kind.account is not null
        and not is_desk_job
        and weighed.non_work_sources = 1
        and not coalesce(weighed.is_well_known, false)
        and days.day_count = 1
        and weighed.total_seconds < $long_seconds as is_one_of_kind,
        (
            not weighed.is_doubtful
            or weighed.sent_megabytes is not null
            or (weighed.is_used_alone and days.day_count >= 2)
            or is_desk_job
        )
        -- several glances are use where no list can be wrong
        and (
            weighed.longest_seconds >= $longest_seconds
            or weighed.non_work_sources >= 2
            or weighed.is_well_known
            or weighed.verdict = 'denied'
            or weighed.sent_megabytes is not null
        )
        and (
            weighed.is_doubtful
            or weighed.non_work_sources >= 2
            or weighed.is_well_known
            or weighed.verdict = 'denied'
            or days.day_count >= 2
            or weighed.total_seconds >= $long_seconds
            or is_desk_job
            or is_one_of_kind
        ) as has_second_source
    from weighed
    left join desk_jobs on weighed.account = desk_jobs.account
    left join shared on weighed.site = shared.site
    left join days on weighed.account = days.account and weighed.site = days.site
    left join of_one_kind
        on weighed.account = of_one_kind.account and weighed.site = of_one_kind.site
    left join closed on weighed.building = closed.building
    left join rostered on weighed.account = rostered.account
    where weighed.event_date = $event_date::date
),

counted as (
    select
        *,
        verdict = 'denied' or is_doubtful or is_desk_job or is_one_of_kind
            as is_shown_otherwise
    from judged
    where has_requests and is_long and is_judged_place and has_second_source
)

select
    account as subject,
    min(start_time) as start_time,
    max(end_time) as end_time,
    max(longest_seconds) as measure,
    devices_and_sites(device, site) as observables,
    sorted_set(flatten(list(evidence))) as evidence,
    struct_insert(
        site_facts(
            site, served, categories, non_work_sources, longest_seconds,
            total_seconds, spans,
            on_duty_seconds, visit_count, largest_bytes, embed_share, day_count,
            is_district_device, attribution_grade, is_live_known
        ),
        is_break := ruled_out_if(bool_and(coalesce(is_break_known, false))),
        why_no_break := break_note(is_district_device, is_break_known),
        is_owner_away := coalesce(bool_or(is_owner_away), false),
        is_repeated := max(day_count) >= $repeat_days,
        limb := case
            when
                max(on_duty_seconds) < $longest_seconds
                or (
                    bool_and(is_district_device)
                    and not bool_and(coalesce(is_break_known, false))
                ) then 'property'
            when bool_or(is_district_device) then 'time and property'
            else 'time'
        end,
        is_off_duty := bool_and(is_off_duty),
        clock_time := strftime(timezone($zone, min(start_time)), '%-I:%M %p'),
        weekday := isodow($event_date::date)::varchar,
        is_building_closed := bool_and(is_building_closed),
        is_denied := bool_and(verdict = 'denied'),
        is_leisure := bool_and(verdict = 'leisure'),
        is_off_list := not bool_and(verdict in ('denied', 'leisure')),
        has_second_fact := bool_and(is_doubtful or is_desk_job or is_one_of_kind),
        sent_megabytes := max(sent_megabytes),
        is_used_alone := bool_and(
            is_doubtful and sent_megabytes is null and not is_desk_job
        ),
        is_desk_job := bool_and(is_desk_job and sent_megabytes is null),
        is_one_of_kind := bool_and(is_one_of_kind),
        is_on_one_list := case
            when bool_and(is_shown_otherwise) then false
            else is_on_one_list(
                min(non_work_sources) filter (where not is_shown_otherwise),
                bool_and(is_well_known) filter (where not is_shown_otherwise),
                max(day_count),
                round(clock_seconds(total_seconds, spans), 0)
            )
        end
    ) as details,
    $event_date::date as event_date
from counted
group by account
