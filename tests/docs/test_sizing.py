"""The model of a state shows what its script says of the table above it."""

from tests.benchmarks.state_model import SIZING, answers, measured, options


def test_the_model_is_that_of_the_measured_table():
    table = SIZING.read_text(encoding="utf-8")
    text = SIZING.with_name("sizing-many.md").read_text(encoding="utf-8")
    asked = options().parse_args([])
    for one in answers(asked, measured(table)):
        row = f"| {one.what} | {one.value} | {one.by} |"
        assert row in text or row.replace("|  |", "| |") in text, row


def test_more_lines_cost_more():
    text = SIZING.read_text(encoding="utf-8")
    few, many = (
        {one.what: one.value for one in answers(asked, measured(text))}
        for asked in (options().parse_args(["--lines", str(n)]) for n in (300, 3_000))
    )
    assert (few["lines a school day"], many["lines a school day"]) == ("0.3 G", "3.0 G")
    assert float(few["a student-year"][1:]) < float(many["a student-year"][1:])
