"""Asks services for their logs, and lands what they send like any delivery.

- `services/` has a module per service: its logs as a table, its sign-in, what no table expresses
- `calls.py` sends requests within the limits of a run, to the configured hosts alone
- `answers.py` reads an answer, and finds the next one
- `windows.py` decides which spans of time are due
- `fetching.py` fetches them, and records how far each log is complete
"""
