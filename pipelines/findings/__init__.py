"""Candidates become findings: tested, worded, graded, kept and followed.

`record` is the shape of a finding. A rule's words and innocent explanations stand in
the header of its SQL: `grading` tests these and grades, `wording` makes the sentence,
`judging` ties them together without touching anything outside;
`evidence` copies the cited lines from the landing files; `keeping` stores findings
and follows their life.
"""
