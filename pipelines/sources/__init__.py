"""Landing files in, batches of whole lines out.

`delivery` and `remote` find the files of a source and refuse what is no plain
file, `host_keys` servers that nobody vouches for; `streams` opens them,
`compression` unpacks them; `blocks` cuts the bytes behind whole lines, `ahead` does
so while others work, `lines` and `framing` make records of them, each with its
number and byte offset in the decompressed stream.
Nothing here knows what a line means.
"""
