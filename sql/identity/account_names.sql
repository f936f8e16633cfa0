/* ---
summary: >
  Every spelling of a user name in the logs, and the account that it
  means: the registry's own name, or an alias of it.
grain: [user_name]
columns:
  user_name: {type: varchar, pii: direct, is: the name as a log wrote it}
  account: {type: varchar, pii: direct, is: canonical name of the account}
  is_known: {type: boolean, is: the registry has this account}
--- */
with

spellings as (
    select
        user_name,
        account_name
    from identity.spellings
),

aliases as (
    select
        alias,
        min(account) as account
    from registry.account_aliases
    group by alias
),

accounts as (
    select distinct account
    from registry.accounts
),

named as (
    select
        spellings.user_name,
        coalesce(aliases.account, spellings.account_name) as account
    from spellings
    left join aliases on spellings.account_name = aliases.alias
)

select
    named.user_name,
    named.account,
    accounts.account is not null as is_known
from named
left join accounts on named.account = accounts.account
