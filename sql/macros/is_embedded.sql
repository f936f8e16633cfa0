-- Mostly asked for within seconds of another site's page.
create or replace temporary macro is_embedded(embed_share) as
embed_share >= 0.7;
