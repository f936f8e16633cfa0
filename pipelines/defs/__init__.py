"""Dagster definitions: names, order, schedules, retries and display.

An asset's body opens the district home and calls one function; nothing is
decided here. `resources` contains the home, `assets` the data assets, `automation` jobs,
schedules and sensors, `elsewhere` reports outside builds, and `location` combines
them.
"""
