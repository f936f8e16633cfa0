"""A transaction is handed to functions of the state, and no one looks into it."""

import ast
import re

import pytest

from pipelines.state.connections import fact, open_store, remember
from tests.conftest import REPO_ROOT

OPENS = re.compile(r"store\.(writing|reading)\(|\.recording\(")
PACKAGE = REPO_ROOT / "pipelines"


def looked_into(text):
    """Attributes that are taken of what a `with store.writing() as NAME` gives."""
    tree = ast.parse(text)
    names = {
        item.optional_vars.id
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and OPENS.search(ast.unparse(item.context_expr))
    } | {"transaction"}
    return [
        f"line {node.lineno}: {node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    ]


def test_no_folder_but_the_state_looks_into_a_transaction():
    found = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] != "state"
        and (lines := looked_into(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize("how", ["writing", "reading"])
def test_one_that_does_is_found(how):
    text = f"with store.{how}() as one:\n    one.execute('select 1')\n"
    assert looked_into(text) == ["line 2: one.execute"]


def test_a_transaction_that_fails_leaves_nothing(tmp_path):
    store = open_store(tmp_path / "state.db")

    def fail():
        with store.writing() as transaction:
            remember(transaction, "a", "b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as transaction:
        assert fact(transaction, "a") is None
    store.close()


def test_a_reader_waits_for_no_writer_and_no_writer_for_a_reader(tmp_path):
    store = open_store(tmp_path / "state.db")
    with store.writing() as transaction:
        remember(transaction, "a", "first")
    with store.writing() as transaction:
        remember(transaction, "a", "second")
        with store.reading() as other:  # would wait ten seconds, and then give up
            assert fact(other, "a") == "first"
    with store.reading() as other:
        assert fact(other, "a") == "second"
        with store.writing() as transaction:
            remember(transaction, "a", "third")
        assert fact(other, "a") == "second"  # one moment
    store.close()
