-- The account of a user name that the log's product knows, and whether it only maps
-- users to addresses.
select
    account,
    coalesce(
        $name_proof = 'recorded',
        $format in (select format from identity.mapping_formats)
    ) as is_mapped
from identity.account_names
where user_name = proven_name($user_name, $name_proof, null)
