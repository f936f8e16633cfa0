"""Status codes of Windows and Kerberos, in words."""

REASONS = {
    "0xc0000064": "no such user",
    "0xc000006a": "wrong password",
    "0xc000006d": "wrong user name or password",
    "0xc000006f": "outside the hours allowed for the account",
    "0xc0000070": "not from this workstation",
    "0xc0000071": "password expired",
    "0xc0000072": "account disabled",
    "0xc0000193": "account expired",
    "0xc0000224": "password must be changed",
    "0xc0000234": "account locked out",
    "0xc000015b": "logon type not granted",
    "0x6": "no such user",
    "0x12": "account disabled, expired or locked out",
    "0x17": "password expired",
    "0x18": "wrong password",
    "0x25": "clocks differ too much",
}
"""NT status and Kerberos codes; what is not listed is given as the bare code."""
