"""Findings: candidates tested, worded, graded, stored and tracked.

`record` defines the shape of a finding. A rule's words and innocent explanations are in
the header of its SQL: `grades` tests these, grades and writes the sentence, `judgment`
combines them; `evidence` copies the cited lines from the landing files;
`lifecycle` stores findings and tracks them; `cases` groups them, `review` records
decisions, and `rule_quality` draws conclusions for a rule.
"""
