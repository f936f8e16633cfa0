"""What keeps an installation well: examine it, copy it, bring it back."""
