"""Exports of the systems that a district has, turned into rows of its registry.

`reading` opens files and folders, `exports` lists what is known and by which columns,
`rows` makes registry rows, `merging` puts them beside what a person wrote.
"""
