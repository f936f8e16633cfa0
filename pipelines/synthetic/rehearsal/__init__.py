"""A simulated school year through the real alerts: who would be told how often.

`school_year` makes a calendar, plants silences, and draws the lines that sources
send and what detections would find; `playback` runs the hours through the health and
alert code, `summary` says what came of it. Everything is drawn from a
seed; nothing is read from or written to a district's home.
"""
