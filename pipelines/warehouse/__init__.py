"""The models of `sql/` and the only code that opens DuckDB.

`models` finds and reads the SQL files and their macros, `headers` their headers;
`sentences` fills the templates of a rule's header, and `detections` lists the event fields
that a rule requires. `database` owns every DuckDB call, `inputs` loads lake, registry and
dimensions, and `snapshots` publishes immutable copies for readers.
"""
