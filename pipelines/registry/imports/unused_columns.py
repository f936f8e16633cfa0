"""Reasons for which a column of an export is not read, by the meaning of its name.

Names are compared as `export_tables.plain` writes them; the first expression that matches
decides.
"""

import re
from collections.abc import Mapping

LAST_USER = "the last user of a device is not its holder"
NO_RULE = "no rule asks about it"

REASONS: Mapping[str, str] = {
    r"password|secret|hash|recoverykey|credential|\bpin\b": "secrets are never read",
    r"udid|guid|uuid|objectid|^id$|^sid$|userid|personid|personnumber|computerid|mobiledeviceid"
    r"|deviceid|assetid$|typeid|stateid|absenceid|confirmation|masteridentifier"
    r"|sourcedid|samaccountname|objectclass|externalids|imei|^meid|serial$":
        "identifiers of systems, which no log here uses",
    r"birth|sex\b|gender|race\b|ethnic|consent|agegroup|pronoun|asian|african|hawaiian|white"
    r"|phone|mobile|sms|fax|street|^(home|work|mailing)address|^[ml]?(city|state|zip)"
    r"|statename|^[ml]state|postal|country|recoveryemail|secondaryemail|alternateemail"
    r"|secondemail": "contact and private data, which no rule needs",
    r"^(most)?recentuser|currentuser|lastuser|lastloggedon|portaluser|^user$|userdomain"
    r"|lastlogonuser": LAST_USER,
    r"last(seen|check\w*|sync|connected|inventory|sign|login|dirsync|membership|updated"
    r"|enrollment|eas)|firstseen|^lastmodified|datelastmodified|created|registrationtime"
    r"|^activat(ed|ion)|statuschanged|purchase|scandate|enrollmentdate|timestamp|uptime"
    r"|expir|effectivedate|probation": "dates of systems: the logs show when something was used",
    r"^(ip|ip4|ip6|ip6local|wifiipv4address|ipv4address|ipaddress|computeripaddress|serverip)$"
    r"|subnetid|^(start|end)range": "an address moves on: leases show which device had it",
    r"^(recentdevice\w*|vlan|ssid|switchport|network|connectedto|scopeid|usage\w*)$":
        "where a client was last seen: the logs show where it was at each time",
    r"manufacturer|vendor|endpointpolicy|identitygroup|deviceclass|devicecategory|devicefamily"
    r"|devicetypeprediction|devicename|^os$|osversion|modelno":
        "the kind of a device comes from its model in a list of devices",
    r"(full|display|middle|employee|mail|preferred|management|host|dns|product|company|first"
    r"|last|school|mdmdisplay)name$|^name$|^employee(first|last)|^employee$|^manager|namefullname"
    r"|distinguishedname|^username$": "other names, which identify nothing in a log",
    r"bluetooth": "no network sees a Bluetooth card",
    r"^[xy]$": "latitude and longitude are read",
}  # fmt: skip


def why_unused(column: str) -> str:
    """Return why a column of this plain name is not read."""
    found = (reason for rule, reason in REASONS.items() if re.search(rule, column))
    return next(found, NO_RULE)
