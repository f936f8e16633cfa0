"""Everything that is due in one home, in order, with its summary; `status`, `check`."""
