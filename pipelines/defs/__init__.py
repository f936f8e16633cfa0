"""Dagster's way in: it names, orders, schedules, retries and shows.

An asset's body opens the district home and calls one function; nothing is
decided here. `resources` holds the home, `partitions` the days, `ingest`,
`models`, `outputs` the assets, `automation` jobs, schedules and sensors, and
`location` puts them together.
"""
