/* ---
summary: >
  Accounts that the logs name and the registry does not have, by day: local
  administrators, guests, new people, misspellings. A fact for whoever keeps the
  registry, no finding.
grain: [account, event_date]
params:
  event_date: {type: date}
columns:
  account: {type: varchar, pii: direct, is: canonical name}
  keyboard_count: {type: bigint, is: 'logons and unlocks by somebody, not by a task'}
  request_count: {type: bigint, is: allowed requests that carried the login}
  device_count: {type: bigint, is: devices it was used on}
  event_date: {type: date, is: local day}
--- */
select
    account,
    keyboard_count,
    request_count,
    len(devices) as device_count,
    event_date
from core.account_days
where event_date = $event_date::date and not is_known
