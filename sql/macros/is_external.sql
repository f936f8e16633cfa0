-- No approval applies to this account on this day; one for others is none for it.
create or replace temporary macro is_external(verdict) as
verdict not in ('approved', 'approved_for_students', 'undecidable', 'no_list');
