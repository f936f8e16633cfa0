-- The account of a user name, and whether its log only maps users to addresses.
select
    names.account,
    $format in (select format from identity.mapping_formats) as is_mapped
from identity.account_names as names where names.user_name = $user_name
