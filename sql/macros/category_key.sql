-- The lookup key of a category: lower case, without "and", "&" or "/", and no plural.
-- `CATEGORY_STEPS` in pipelines/registry/csv_files.py has the same steps.
create or replace temporary macro category_key(word) as
trim(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(lower(word), '[_/&+, -]+', ' ', 'g'),
                    '\band\b', ' ', 'g'
                ),
                'ies\b', 'y', 'g'
            ),
            '([a-z][a-z])s\b', '\1', 'g'
        ),
        ' +', ' ', 'g'
    )
);
