"""Builds the models for the days that are due, then judges what they found.

`due` decides which days to build and why, and `invalidation` finds the days that a changed
registry affects. `spans` builds models in spans of days, on this machine or through
`remote_build`. `steps` runs the steps of a build in order; `trial` runs them on a copy with
other settings.
"""
