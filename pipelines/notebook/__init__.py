"""The analyst's way in: a snapshot to query, questions to ask it, charts to draw.

`connection` opens the newest snapshot and can change nothing, and says what its columns
mean; `questions` are functions that return Polars frames; `figures` draws such a frame,
in the look of the report. Everything here reads the pseudonymous edition: no function
can name a person, since no name is in the file.

    from pipelines import connect
    from pipelines.notebook.questions import finding_evidence

    con = connect()
    con.sql("select * from findings.findings").pl()
    finding_evidence(con, "f-0123456789abcdef")
"""
