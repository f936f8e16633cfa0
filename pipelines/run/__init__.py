"""Everything that is due in one home, in order; its summary, `status`, `check`."""
