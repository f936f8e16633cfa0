"""The only floor that opens DuckDB: builds the models of `sql/`, in spans of days.

`models` finds and reads the SQL files and their macros, `headers` what stands above
them, `sentences` fills the templates in a rule's header, `detections` says which event
fields a rule stands on, `database` owns every DuckDB call, `inputs` brings in lake,
registry and dimensions, `builds` says which days of which model are stale and builds
them, `snapshots` publishes immutable copies for readers.
"""
