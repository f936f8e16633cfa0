"""Choose a finding, see its evidence and the day around it.

    SCHOOLBELL_HOME=/srv/schoolbell marimo run notebooks/triage.py --host 127.0.0.1

It reads the newest snapshot with pseudonyms and writes nothing; record a verdict
with `schoolbell findings verdict`.
"""

import marimo

app = marimo.App(width="medium", app_title="Triage")


@app.cell
def _():
    import marimo as mo

    from pipelines.notebook.connection import connect
    from pipelines.notebook.figures import (
        NO_CLOUD,
        device_holders,
        draw_device_holders,
        draw_evidence,
        draw_session_timeline,
        session_timeline,
    )
    from pipelines.notebook.questions import finding_evidence

    con = connect()

    def shown(chart):
        # marimo's own way asks the internet for a library, and has a button that uploads a chart
        drawn = chart.to_html(full_html=False, include_plotlyjs=True, config=NO_CLOUD)
        page = f"<!doctype html><body style='margin: 0'>{drawn}</body>"
        return mo.iframe(page, height=f"{chart.layout.height or 450}px")

    return (
        con,
        device_holders,
        draw_device_holders,
        draw_evidence,
        draw_session_timeline,
        finding_evidence,
        mo,
        session_timeline,
        shown,
    )


@app.cell
def _(con, mo):
    rules = con.frame(
        "select distinct rule from findings.findings where status = 'open' order by rule"
    )
    rule = mo.ui.dropdown(rules["rule"].to_list(), label="Rule", value=None)
    least = mo.ui.dropdown(["C1", "C2", "C3"], label="At least", value="C2")
    mo.vstack(
        [mo.md(f"# Triage\n\n`{con}`"), mo.hstack([rule, least], justify="start")]
    )
    return least, rule


@app.cell
def _(con, least, mo, rule):
    findings = con.frame(
        """
        select finding_id, event_date, rule, subject, devices, confidence, severity
        from findings.findings
        where status = 'open' and confidence >= $least
          and ($rule is null or rule = $rule)
        order by confidence desc, event_date desc, finding_id
        """,
        least=least.value,
        rule=rule.value,
    )
    table = mo.ui.table(findings.drop("devices"), selection="single", page_size=10)
    table
    return findings, table


@app.cell
def _(findings, mo, table):
    picked = (
        table.value["finding_id"].to_list() or findings["finding_id"].head(1).to_list()
    )
    mo.stop(not picked, mo.md("No open finding is this sure."))
    finding = findings.filter(finding_id=picked[0]).row(0, named=True)
    return (finding,)


@app.cell
def _(con, finding, mo):
    tested = con.frame(
        """
        select unnest(
            from_json(record -> 'alternatives', '[{"name": "VARCHAR", "test": "VARCHAR", "result": "VARCHAR"}]'),
            recursive := true
        )
        from findings.findings where finding_id = $finding_id
        """,
        finding_id=finding["finding_id"],
    )
    claim = con.frame(
        "select claim from findings.findings where finding_id = $finding_id",
        finding_id=finding["finding_id"],
    ).item()
    mo.vstack([mo.plain_text(claim), mo.ui.table(tested, selection=None)])
    return claim, tested


@app.cell
def _(con, draw_evidence, finding, finding_evidence, shown):
    evidence = finding_evidence(con, finding["finding_id"])
    shown(draw_evidence(evidence))
    return (evidence,)


@app.cell
def _(con, draw_session_timeline, finding, session_timeline, shown):
    steps = session_timeline(con, finding["subject"], finding["event_date"])
    shown(draw_session_timeline(steps))
    return (steps,)


@app.cell
def _(con, device_holders, draw_device_holders, finding, mo, shown):
    holders = {
        device: device_holders(con, device, finding["event_date"])
        for device in finding["devices"]
    }
    mo.vstack(
        [
            mo.vstack([mo.plain_text(device), shown(draw_device_holders(rows))])
            for device, rows in holders.items()
        ]
    )
    return (holders,)


if __name__ == "__main__":
    app.run()
