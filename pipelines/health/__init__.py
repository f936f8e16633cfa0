"""Completeness of the logs: every source, every building, in time, whole.

The usual volume of a source is learned from its own past, hour by hour and by type
of school day: a quiet snow day is fine, a quiet hour of a school morning is not.
`source_hours` learns and judges hours and joins them, `arrival` examines delays and
wrong clocks. `issues` stores the results; `overview` examines all of it,
and missing fields; `source_states` gives the one verdict that status, report
and alerts quote, `name_domains` how names of the logs match the registry.
"""
