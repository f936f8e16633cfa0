-- Whether a job has no lessons, by the roster's role and the job's title: an office, a
-- business or a maintenance job. Null where the roster has no role.
create or replace temporary macro has_no_lessons(role, job_title) as
role in (
    'administrator', 'districtadministrator', 'siteadministrator',
    'systemadministrator'
)
and not regexp_matches(
    lower(coalesce(job_title, 'teacher')),
    'teach|instruct|substitut|librar|media|coach|counsel|tutor|aide|para|coordinat'
    || '|curricul|special|therap|psycholog|intern|lab'
);
