"""A small district of real programs, in namespaces, whose logs Schoolbell reads."""
