"""Suggestions are read once for a warehouse, and again when days are built."""

from types import SimpleNamespace

from pipelines.actions import context as contexts
from pipelines.actions.context import ActionContext


def test_suggestions_are_read_again_after_a_build(tmp_path, monkeypatch):
    """The first steps of the desk took three seconds, because every view read the warehouse."""
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_bytes(b"days of Monday")
    district, reads = SimpleNamespace(home=SimpleNamespace(warehouse=warehouse)), []
    monkeypatch.setattr(contexts, "proposed", lambda _: {"read": reads.append(1) or len(reads)})
    context = ActionContext(district, asker=None)
    assert [context.proposed, context.proposed] == [{"read": 1}] * 2
    warehouse.write_bytes(b"days of Monday and Tuesday")
    assert context.proposed == {"read": 2}
    warehouse.with_name("warehouse.duckdb.wal").write_bytes(b"Wednesday")
    assert context.proposed == {"read": 3}
