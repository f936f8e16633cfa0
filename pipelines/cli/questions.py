"""Commands that ask the owner of an account, once counsel approved it."""

from typing import Annotated

import typer

from pipelines.actions import owner_questions
from pipelines.actions.owner_questions import PAPER, SUPERVISOR, paper, state_of
from pipelines.cli.commands import add
from pipelines.cli.options import AsJson, Home, open_context
from pipelines.cli.output import emit, print_facts
from pipelines.state.asked_questions import questions
from pipelines.state.rows import QuestionRow

app = typer.Typer(help="Ask the owner of an account, and record answers.", no_args_is_help=True)


@app.command("list")
def list_questions(
    home: Home,
    case: Annotated[str, typer.Option("--case", help="Id or number of a case; all without.")] = "",
    as_json: AsJson = False,
) -> None:
    """List questions by mail with their states; without names."""
    with open_context(home, "refer") as context:
        case_id = context.case(case).case_id if case else ""
        rows = questions(context.district.store, case_id)
    emit(rows, _line, as_json=as_json, empty="No questions.")


@app.command("paper")
def question_on_paper(
    home: Home,
    case_id: Annotated[str, typer.Argument(metavar="CASE", help="Id or number of the case.")],
    by: Annotated[
        str, typer.Option("--for", help=f"Person who answers: {' or '.join(PAPER)}.")
    ] = SUPERVISOR,
    as_json: AsJson = False,
) -> None:
    """Print the question of a case without a name; a person writes it on the paper.

    Example: schoolbell questions paper 46-17 --for supervisor
    """
    with open_context(home, "refer") as context:
        made = paper(context, context.case(case_id), by)
    lines = [made.question, "Owner of the account: ______________________________", *made.uses]
    lines += [made.instruction, *(f"[ ] {answer}" for answer in made.answers)]
    lines += ["In my words, date, signature: ______________________________"]
    print_facts(made._asdict(), *lines, as_json=as_json)


def _line(row: QuestionRow) -> str:
    return f"{row['question_id']}: case {row['case_id']}, {row['asked_time'][:10]}, {state_of(row)}"


add(app, "questions", owner_questions)
