"""Takes deliveries into the lake: immutable Parquet files, committed by the ledger.

`recognise` tells new content from what was read before, `identify` names the
format of a file, `reading` turns a stream into parsed batches, `staging` writes
Parquet files and commits them, `intake` ties them together for a district home.
"""
