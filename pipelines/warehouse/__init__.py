"""The only floor that opens DuckDB: builds the models of `sql/`, a day at a time.

`models` reads the SQL files and their headers, `database` owns every DuckDB
call, `inputs` brings in lake, registry and dimensions, `planning` says which
days of which model are stale, `building` builds them, `snapshots` publishes
immutable copies for readers.
"""
