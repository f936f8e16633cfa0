"""Files that arrive from a district's systems, listed and unwrapped.

`delivery` and `remote` list the files of a source's folder; `archives` and `workbooks`
list the files inside a file. `streams` opens a file as plain bytes with the help of
`compression`, and `envelopes` removes what a log collector put around each line.
Nothing here knows a log format.
"""
