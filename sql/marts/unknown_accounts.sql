/* ---
summary: >
  Accounts that are in the logs and not in the registry, by day: local administrators,
  guests, new people, misspellings. A fact for the person who keeps the registry, not a
  finding.
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
