"""Whether the logs still come: from every source, every building, in time, whole.

What a source usually sends is learnt from its own past, hour by hour and by kind
of school day: a quiet snow day is fine, a quiet hour of a school morning is not.
`expecting` learns and judges hours, `stretches` joins them, `arrival` looks at how
long lines take, `promised` at traffic that has to come, `blindness` at what the
lines leave out (all pure). `history` keeps what was found.
"""
