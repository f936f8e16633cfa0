"""The whole way of a log line, step by step, for one district home.

`district` opens a home, `steps` are the stations in order (take in, build,
judge, publish), `editions` puts pseudonyms in, `run` does all that is due. The
command line, the demo and Dagster all call these; nothing here knows who calls.
"""
