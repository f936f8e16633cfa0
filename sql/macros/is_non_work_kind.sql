-- Kinds of sites that are seldom work, whatever a single list is worth.
create or replace temporary macro is_non_work_kind(category) as
category in (
    'social', 'shopping', 'streaming', 'sports', 'gambling', 'jobs', 'dating',
    'games', 'adult', 'real_estate', 'file_sharing', 'circumvention'
);
