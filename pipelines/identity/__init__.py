"""Who and what the values in logs stand for, as far as Python says it.

`dimensions` holds what follows from a host, a user name or an address alone.
Who held which address and device, and when, follows from events and is told by
the SQL models of `sql/identity/`.
"""
