"""Who may see what: every rule on names, sites and counts lies here.

`pseudonyms` makes names of tokens, `editions` says which columns carry them and how
each goes into a snapshot, `redaction` takes sensitive sites out of findings,
`suppression` holds small counts back, `lookups` tells who looked names up.
"""
