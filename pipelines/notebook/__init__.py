"""Notebook access for analysts: a snapshot to query, questions to ask, charts to draw.

`connection` opens the newest snapshot read-only, and describes its
columns; `questions` are functions that return Polars frames; `figures` draws such a frame,
in the look of the report. Everything here reads the pseudonymous edition: no function
can name a person, because the file contains no names.

    from pipelines import connect
    from pipelines.notebook.questions import finding_evidence

    con = connect()
    con.sql("select * from findings.findings").pl()
    finding_evidence(con, "f-0123456789abcdef")
"""
