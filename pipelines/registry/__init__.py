"""What the district tells: the files of `registry/`, read into frames.

With them goes what is wrong in them, and what the absence of a file disables. Names of
people stay in `Registry.people_names`.
"""
