"""Landing files in, batches of whole lines out.

`delivery` finds the files of a source and refuses what is no plain file;
`streams` opens them, compressed or not; `framing` cuts the bytes into lines
(records), each with its number and byte offset in the decompressed stream.
Nothing here knows what a line means.
"""
