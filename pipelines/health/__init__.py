"""Whether the logs still come: from every source, every building, in time, whole.

What a source usually sends is learned from its own past, hour by hour and by kind
of school day: a quiet snow day is fine, a quiet hour of a school morning is not.
`source_hours` learns and judges hours and joins them, `arrival` looks at how long
lines take and at clocks. `issues` keeps what was found; `overview` looks at all of it,
and at what lines leave out; `source_states` gives the one verdict that status, report
and alerts quote. `readiness` lists the rules that cannot run, and what each one lacks.
"""
