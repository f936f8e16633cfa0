/* ---
summary: >
  Accounts that the logs name and the registry does not have, by day: local
  administrators, guests, new people, misspellings. A fact for whoever keeps the
  registry, no finding.
grain: [account, event_date]
params:
  event_date: {type: date}
columns:
  account: varchar
  keyboard_count: bigint
  request_count: bigint
  device_count: {type: bigint, is: devices it was used on}
  event_date: date
--- */
select
    account,
    keyboard_count,
    request_count,
    len(devices) as device_count,
    event_date
from core.account_days
where event_date = $event_date::date and not is_known
