-- False where a fact speaks against an explanation, null where nothing does.
create or replace temporary macro ruled_out_if(is_known) as
case when is_known then false end;
