-- An account name as administrators use for their work: adm-jdoe, jdoe.admin, a-jdoe.
create or replace temporary macro is_administrators_name(account) as
regexp_matches(
    lower(account),
    '(^|[._-])(adm|admin|administrator)[0-9]*([._-]|$)|^a[-_]|^admin'
);
