-- The account of a line whose product proved or recorded it. What a client said names
-- no one, unless another line proves the name: the same, or that inside of a tunnel.
create or replace temporary macro proven_name(user_name, name_proof, inner_name) as
case
    when inner_name is not null then inner_name
    when name_proof in ('said', 'guessed', 'outer') then null
    else user_name
end;
