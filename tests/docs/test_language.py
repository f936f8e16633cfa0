"""The lints of words and names find what they ban, and nothing else."""

import json

import pytest

from docs.language.lint import findings
from docs.language.names import renamed
from docs.language.sections import stale


def phrases(path, text):
    path.write_text(text, encoding="utf-8")
    return [one.phrase for one in findings([path])]


@pytest.mark.parametrize(
    "text",
    [
        "it can not be read",
        "about a pupil who",
        "accounts carry cover names",
        "must be nought",
        "x is no number",
        "One row an item",
        "All in all: well",
        "Install the version of before",
        "the rows of before",
        "what was taken in",
        "a realised or summarising view",
        "the organisation of it",
        "the drive was modelled",
        "as if in turns",
        "somebody authorised it",
        "the log says who it was",
        "nobody is named",
        "it stands in the header",
        "leave the file as it is.",
        "a table of its own",
        "use the first, else the second",
        "rows, most of which are empty",
    ],
)
def test_a_phrase_to_avoid_is_found(tmp_path, text):
    assert phrases(tmp_path / "page.md", text)


@pytest.mark.parametrize(
    "text",
    [
        "there is no number",
        "`pupil-12`",
        "`is_pupil`",
        "it cannot be read",
        "One row per",
        "comparison by supervision",
        "No one is named.",
        "a look-alike of a site",
        "rows are hashed as they are read",
        "We tell you how.",
    ],
)
def test_plain_words_pass(tmp_path, text):
    assert phrases(tmp_path / "page.md", text) == []


def test_code_has_text_in_docstrings_comments_and_strings(tmp_path):
    code = '''"""What it is."""


def whose(told):
    """Whose it is."""
    # nobody reads this
    if told == "told":
        return "nobody is named"
    return f"select told from {told}"
'''
    found = ["What", "What it is", "Whose", "Whose", "nobody", "nobody"]
    assert phrases(tmp_path / "one.py", code) == found


def test_queries_within_code_are_read_in_their_comments_alone(tmp_path):
    code = (
        'QUERY = """\nwith told as (select 1)\n-- nobody reads this\nselect told from told\n"""\n'
    )
    assert phrases(tmp_path / "one.py", code) == ["nobody"]


def test_cells_of_a_notebook_are_read(tmp_path):
    book = json.dumps({"cells": [{"source": ["# Title\n"]}, {"source": ["nobody here\n"]}]})
    assert phrases(tmp_path / "one.ipynb", book) == ["nobody"]


def test_markup_of_a_template_is_not_text(tmp_path):
    page = '{% if told %}<p class="told">{{ told }}</p>{% endif %}nobody'
    assert phrases(tmp_path / "one.html.j2", page) == ["nobody"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.py", "class Asker:\n    pass\n"),
        ("one.py", "MOST_FILES = 1\n"),
        ("one.py", "LINES_A_FILE = 1\n"),
        ("one.sql", "/* rarely */\nselect 'rarely' as told, rarely\nfrom one -- rarely\n"),
    ],
)
def test_a_name_that_is_gone_is_found_once(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert len(list(renamed([path]))) == 1


def test_new_names_and_texts_about_old_ones_pass(tmp_path):
    path = tmp_path / "one.py"
    path.write_text('class Principal:\n    """Once Asker."""\n\nMAX_FILES = 1\n', encoding="utf-8")
    assert list(renamed([path])) == []


def test_a_docstring_names_only_arguments_and_attributes_that_exist(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        "class Box:\n"
        '    """A box.\n\n    Attributes:\n        width: In inches, or another\n'
        '            unit of: the order.\n        depth: Gone.\n    """\n\n    width: int\n\n\n'
        "def fold(box, *sides, times=1):\n"
        '    """Fold it.\n\n    Args:\n        box, times: Both.\n        *sides: Of it.\n'
        '        colour: Gone.\n\n    Returns:\n        paper: A sheet.\n    """\n',
        encoding="utf-8",
    )
    assert [(one.owner, one.name) for one in stale([path])] == [
        ("Box", "depth"),
        ("fold", "colour"),
    ]
