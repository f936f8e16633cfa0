"""Reads new log lines into the lake, batch by batch.

`ingestion` runs the steps in order. `source` describes a source; `recognition` separates
new content from content that was read before, and `identification` names the format.
`blocks` cuts lines; `record_cuts` cuts other records with `cutters` and `json_cuts`, and
`parser` turns them into events and rejects. `reader` combines these into batches and tracks
the `progress` of each file; `portions` does the same in other processes. `lake_writer`
removes duplicates, writes the files of the lake and commits them.

Afterwards, `replay` reads rejects again or removes lines, and `line_account` accounts for
every line.
"""
