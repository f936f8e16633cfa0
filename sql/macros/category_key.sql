-- A word for a category as it is looked up: small letters, and one space for each
-- underscore, hyphen, slash or space.
create or replace temporary macro category_key(word) as
trim(regexp_replace(lower(word), '[_/ -]+', ' ', 'g'));
