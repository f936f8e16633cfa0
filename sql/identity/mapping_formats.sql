/* ---
summary: >
  Log formats whose user names are inferred: the product mapped the address to an
  account, from a logon elsewhere, and no login passed through it. `name_proof`
  records the same for each line that this version read.
grain: [format]
columns:
  format: {type: varchar, is: name of the log format}
--- */
select format
from (
    values
    ('barracuda_cloudgen'),
    ('barracuda_wsg'),
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
