"""A simulated school year through the real alerts: who would be told how often.

`year` makes a calendar and plants silences in it, `volumes` the lines that sources
send, `findings` what detections would find, `playing` runs the hours through the
health and alert code, `counting` says what came of it. Everything is drawn from a
seed; nothing is read from or written to a district's home.
"""
