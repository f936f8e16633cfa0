-- The number that a line shares with the line of the session that it belongs to.
create or replace temporary macro session_number(extras) as
coalesce(extras ->> '$.session', extras ->> '$.flow_id', extras ->> '$.uid');
