"""Takes deliveries into the lake: immutable Parquet files, committed by the ledger.

`delivery` and `remote` find the files of a source, `streams` opens them, `blocks`
cuts whole lines; `recognise` tells new content from what was read before, `identify`
names the format, `reading` turns a `task` into parsed batches, `overlap`, `stretches`
and `rejected` find what came before, `staging` commits `files`. Later on:
`retraction` takes lines back out, `replay` reads rejects again, `sweeping` sets aside
what does not count, `accounting` says where every line is, `drift` which fields went
missing.
"""
