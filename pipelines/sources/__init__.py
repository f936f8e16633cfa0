"""Landing files in, batches of whole lines out.

`delivery` and `remote` find the files of a source and refuse what is no plain
file, `host_keys` servers that nobody vouches for; `archives` lists the members of
zip archives; `streams` opens them, `compression` unpacks them; `blocks` cuts the
bytes behind whole lines, `ahead` does so while others work, `lines` makes records
of them; `framing` and `cutting` do so for files that are no lines. Each has its
number and its byte offset in the decompressed stream.
Nothing here knows what a line means.
"""
