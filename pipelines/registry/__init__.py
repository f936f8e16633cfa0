"""The district's registry: the files of `registry/`, read into frames.

With problems of the files, and the effects of missing ones. Names of
people remain in `Registry.people_names`.
"""
