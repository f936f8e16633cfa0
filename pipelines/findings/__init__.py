"""Candidates become findings: tested, worded, graded, kept and followed.

`record` is the shape of a finding. A rule's words and innocent explanations stand in
the header of its SQL: `grades` tests these, grades and makes the sentence, `judgment`
ties them together; `evidence` copies the cited lines from the landing files;
`lifecycle` stores findings and follows them; `cases` puts them together, `review` takes
what people decide, and `rule_quality` says what follows for a rule.
"""
