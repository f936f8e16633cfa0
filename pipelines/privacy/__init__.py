"""Access rules: every rule on names, sites and counts is in this package.

`pseudonyms` makes names of tokens and lists the columns with them, `redaction` removes
sensitive sites from findings, `suppression` holds small counts back, `lookups` reports
look-ups of names, `attribution_changes` how attribution changed.
"""
