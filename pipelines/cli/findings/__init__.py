"""The group `findings`: cases, verdicts, exports, exceptions."""
