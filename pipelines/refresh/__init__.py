"""What is due, and why; the steps that build and judge it.

`staleness` and `touching` say which days, `steps` builds and judges them, `trial`
the same on a copy with other settings.
"""
