"""Many districts on one machine: one home, one process, one account each.

Homes share only the agency's overlay: each has a copy. A failure of one never stops the
next.
"""
