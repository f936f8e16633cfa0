"""Takes deliveries into the lake: immutable Parquet files, committed by the ledger.

In the order of the journey: `intake` is the way in, `run` one pass over a
source's folder. `recognise` tells new content from what was read before,
`identify` names the format of a file, `reading` turns a `task` into parsed
batches, `parsing` keeps one bad line from stopping the others, `overlap`,
`stretches` and `rejected` find what came before, `staging` commits `files`.

Later on: `retraction` takes lines back out, `replay` reads rejects again,
`compaction` joins the files of closed days, `sweeping` deletes what does not
count. `accounting` says where every line is, `drift` which fields went missing,
`missing` which detections such a field disables.
`locking` keeps a home to one writer at a time.
"""
