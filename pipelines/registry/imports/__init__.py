"""Exports of the systems that a district has, turned into rows of its registry.

`export_tables` opens files and folders, `exports` lists what is known and by which
columns, `known` keeps what tables name. `rows` reads each table into registry rows
(`taken`) with the functions of `people`, `staff`, `schools`, `devices`, `networks` and
`absences`; `event_tables` turns a calendar's table into an iCalendar file;
`merged_rows` puts them next to what a person wrote.
"""
