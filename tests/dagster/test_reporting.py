"""What the fast way to Dagster's event log relies on, which is no public interface."""

import inspect

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.defs.reporting import report_events

READ_VERSION = "1.13.27"
UPGRADE = (
    "Read `SqliteEventLogStorage._connect` and `_db_lock` of this version, and see whether Dagster "
    "reports many events at a time (dagster-io/dagster#18149, #19618); then change "
    "pipelines/defs/reporting.py or this version."
)


def test_the_private_methods_of_this_version_were_read():
    assert dg.__version__ == READ_VERSION, UPGRADE
    assert [*inspect.signature(SqliteEventLogStorage._connect).parameters] == ["self", "shard"]
    assert "self._db_lock = " in inspect.getsource(SqliteEventLogStorage.__init__), UPGRADE


def test_many_events_open_each_file_of_the_log_a_few_times(tmp_path, monkeypatch):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    opened = []
    connect = SqliteEventLogStorage._connect
    monkeypatch.setattr(
        SqliteEventLogStorage,
        "_connect",
        lambda storage, shard: opened.append(shard) or connect(storage, shard),
    )
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        report_events(instance, [dg.AssetMaterialization("a")])
        before = len(opened)
        report_events(instance, [dg.AssetMaterialization("a") for _ in range(100)])
        assert len(opened) - before <= 5
        assert len(instance.all_logs("")) == 101
