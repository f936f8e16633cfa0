-- Mostly asked for within seconds of another site's page, and never a page's size.
create or replace temporary macro is_embedded(embed_share, largest_bytes) as
embed_share >= 0.7 and largest_bytes < 45000;
