"""Public records: a request, what it touches, what is withheld and why, a release.

Nothing is released by itself. What a person decides is kept item by item with its
exemption; students' rows and counts of few people are released by nobody.
"""
