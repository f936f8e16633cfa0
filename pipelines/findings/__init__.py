"""Candidates become findings: tested, worded, graded, kept and followed.

`record` is the shape of a finding, `alternatives` tests its innocent
explanations, `lattice` grades it, `wording` makes its sentences, `judging` ties
these together without touching anything outside; `evidence` copies the cited
lines from the landing files; `keeping` stores findings and follows their life.
"""
