"""What keeps an installation well: examine, copy, bring back, upgrade, delete."""
