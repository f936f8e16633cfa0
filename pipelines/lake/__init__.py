"""The lake: immutable Parquet files, which count when the ledger lists them.

`files` writes, reads and sweeps the files. `duplicates` removes events that a source
delivered before, with the proofs of `overlap` and `same_content`. `counts` counts the rows of each
batch by day, and `drift` compares the counts to find fields that stopped arriving.
"""
