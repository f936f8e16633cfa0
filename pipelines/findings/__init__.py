"""Candidates become findings: tested, worded, graded, kept and followed.

`record` is the shape of a finding; `rules` holds, one file a rule, its words and its
innocent explanations; `alternatives` tests these, `lattice` grades, `wording` makes
the sentences, `judging` ties these together without touching anything outside;
`evidence` copies the cited lines from the landing files; `lifecycle` stores findings
and follows them; `cases` puts them together, `review` takes what people decide, and
`rule_quality` says what follows for a rule.
"""
