"""The group `findings`: cases, verdicts, exports, exceptions."""

from collections.abc import Callable, Mapping

from pipelines.cli.findings import cases, export, feedback, permits, verdict

app = cases.app
_OTHERS: Mapping[str, Callable[..., None]] = {
    "verdict": verdict.verdict,
    "assign": verdict.assign,
    "approve": verdict.approve,
    "refuse": verdict.refuse,
    "export": export.export,
    "pack": export.pack,
    "feedback": feedback.feedback,
    "permits": permits.permits,
    "exception": permits.exception,
    "exception-end": permits.exception_end,
}
for name, command in _OTHERS.items():
    app.command(name)(command)
