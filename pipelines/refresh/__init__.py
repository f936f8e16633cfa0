"""What is due, and why; the steps that build and judge it.

`staleness` says which days, and `invalidation` those that a changed registry touches;
`steps` builds and judges them, `trial` the same on a copy with other settings.
"""
