"""Rows for the registry that a district's exports and logs suggest.

`setup` reads exports, and `usual_duty` finds the usual hours of work in them.
`registry_proposals` runs the queries on the logs, which are in one module per file of the
registry (`device_rows`, `site_rows`, …), and returns their rows as `offers`; a person
accepts or refuses each one.
`first_steps` lists how far a new home is set up.
"""
