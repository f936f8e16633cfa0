-- A job that looks after computers and networks, by its title.
create or replace temporary macro is_technology_job(job_title) as
coalesce(
    regexp_matches(
        lower(job_title),
        'technolog|network|\bsystems?\b|information|computer|help ?desk|\bi\.?t\.?\b'
    ),
    false
);
