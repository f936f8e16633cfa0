"""Dagster's way in: it names, orders, schedules, retries and shows.

An asset's body opens the district home and calls one function; nothing is
decided here. `resources` holds the home, `assets` what is made, `automation` jobs,
schedules and sensors, `elsewhere` tells what was built outside, and `location` puts
them together.
"""
