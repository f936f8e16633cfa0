/* ---
summary: >
  Each account as of a day: its owner, its kind, and the role that its owner had
  then. An account with several rows in the registry has the one valid on the day;
  otherwise the one that ended last. Before its first day an account has no owner: the
  name may have belonged to another person. A student who left has no role any more and
  does not become staff, and a person whom the roster lacks does not count as staff.
grain: [account, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: canonical name}
  account_type: varchar
  person_id: {type: varchar, pii: indirect, is: the owner in the roster}
  approved_shared: {type: boolean, is: the district lets several people use it}
  is_sharing_decided: {type: boolean, is: the registry states whether it does}
  is_valid: {type: boolean, is: within its dates on that day}
  is_admin: {type: boolean, is: kept for administration alone}
  role: {type: varchar, is: the owner's role on that day}
  job_title: {type: varchar, pii: indirect, is: the owner's job on that day}
  is_staff:
    type: boolean
    is: >-
      the owner works here; a person whom the roster lacks does not, an account of no
      person does
  is_student: {type: boolean, is: the owner is or was last a student}
  home_building: {type: varchar, is: the owner's first building}
  event_date: {type: date, is: local day}
--- */
with

accounts as (
    select
        account,
        account_type,
        owner_person_id,
        approved_shared,
        is_admin,
        coalesce(valid_to, date '9999-12-31') as last_date,
        coalesce(valid_from, date '0001-01-01') <= $event_date::date as has_begun,
        $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31') as is_valid
    from registry.accounts
),

history as (
    select
        person_id,
        role,
        job_title,
        is_staff,
        is_student,
        building,
        coalesce(valid_to, date '9999-12-31') as last_date,
        $event_date::date between coalesce(valid_from, date '0001-01-01')
        and coalesce(valid_to, date '9999-12-31') as is_held
    from registry.people
),

-- one who works here and learns here is staff; of who left, the last that they were
people as (
    select
        person_id,
        is_staff,
        is_student,
        case when is_held then role end as role,
        case when is_held then job_title end as job_title,
        case when is_held then building end as building
    from history
    qualify
        row_number() over (
            partition by person_id
            order by
                is_held desc,
                case when is_held then date '9999-12-31' else last_date end desc,
                is_staff desc,
                role,
                building
        ) = 1
),

chosen as (
    select
        account,
        account_type,
        approved_shared,
        is_valid,
        is_admin,
        case when has_begun then owner_person_id end as owner_person_id
    from accounts
    qualify
        row_number() over (
            partition by account
            order by is_valid desc, has_begun desc, last_date desc, owner_person_id
        ) = 1
)

select
    chosen.account,
    chosen.account_type,
    chosen.owner_person_id as person_id,
    coalesce(chosen.approved_shared, false) as approved_shared,
    chosen.approved_shared is not null as is_sharing_decided,
    chosen.is_valid,
    coalesce(chosen.is_admin, false)
    or is_administrators_name(chosen.account) as is_admin,
    people.role,
    people.job_title,
    -- a lost row of the roster may be a student's
    coalesce(people.is_staff, chosen.account_type <> 'person') as is_staff,
    coalesce(people.is_student, false) as is_student,
    people.building as home_building,
    $event_date::date as event_date
from chosen
left join people on chosen.owner_person_id = people.person_id
