"""Who may see what: every rule on names, sites and counts lies here.

`pseudonyms` makes names of tokens and says which columns carry them, `redaction` takes
sensitive sites out of findings, `suppression` holds small counts back, `lookups` tells
who looked names up, `attribution_changes` how attribution changed.
"""
