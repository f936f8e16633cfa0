"""Takes deliveries into the lake: immutable Parquet files, committed by the ledger.

The way of a batch is straight, and `ingestion` walks it: `delivery` and `remote` list
the files of a source; `recognition` tells new content from what was read before, and
`identification` names the format; `streams` unwraps, with `archives` and `compression`;
`blocks` cuts lines, `record_cuts` and `cutters` other records; `parser` makes events
and rejects of them. `reader` puts these together into batches, with the `progress` of
each file. `lake_writer` takes out `duplicates`, writes the `lake`'s files and commits
them.

Later on: `replay` reads rejects again or takes lines back out, `line_account` says
where every line is, `drift` which fields went missing, by the daily `counts`.
"""
