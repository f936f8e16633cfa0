"""Many districts beside each other: one home, one process, one account each.

Nothing is shared between homes but the agency's layer, which each holds as a copy. A
fault of one never stops the next.
"""
