"""Dagster definitions: names, order, schedules, retries and display.

An asset's body opens the district home and calls one function; nothing is
decided here. `resources` contains the home, `assets` and `observed` the data assets, `runs`
the jobs, `automation` the schedule and the sensors, `catalog` shows what the home holds,
and `location` combines them. Loading them opens settings and rules only.
"""
