-- The first account of a person on a day.
select account from identity.accounts
where
    event_date = $day and person_id = $person_id and account_type = 'person'
    and not approved_shared
order by account limit 1
