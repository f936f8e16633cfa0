/* ---
summary: >
  Log formats whose user names are guesses: the product took the address for an
  account, from somebody's logon elsewhere, and no login passed through it.
grain: [format]
columns:
  format: {type: varchar, is: name of the log format}
--- */
select format
from (
    values
    ('barracuda_cloudgen'),
    ('cef'),
    ('checkpoint'),
    ('cisco_asa'),
    ('cisco_umbrella'),
    ('console_csv'),
    ('fortigate'),
    ('juniper_srx'),
    ('leef'),
    ('meraki'),
    ('paloalto'),
    ('paloalto_json'),
    ('sonicwall'),
    ('sophos_xg'),
    ('watchguard')
) as listed (format)
