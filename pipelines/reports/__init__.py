"""Reports: marts and findings become pages that a technology director can act on.

In: one frozen `ReportInputs`, pseudonymous already. Out: a mapping of relative
path to text, the same for the same inputs. The caller writes it.

    report_inputs   the inputs of a report, and the columns of each frame
    view            one week of it: the rows that a section may show
    sections        one file per section: a sentence, a summary, a chart, a table
    page_one        the five lines that open every report
    charts          colors and Plotly figures; static_charts: the same as SVG
    words           wording of numbers, times and findings
    weekly          all of it together; archive: to disk, without a half-written page

Not here: SQL, names and addresses of people, the current time, the mail.
"""
