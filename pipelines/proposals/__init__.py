"""Rows for the registry that a district's exports and logs suggest.

`setup` reads exports, and `usual_duty` finds the usual hours of work in them.
`registry_proposals` finds rows in the logs; a person accepts or refuses each one.
`first_steps` lists how far a new home is set up.
"""
