-- Whether a firewall wrote a line during a session: stamps of one clock are cut to
-- seconds, and numbers of sessions are used again.
create or replace temporary macro in_one_session(asked, began, ended) as
asked between began - interval 15 second and ended + interval 15 second;
