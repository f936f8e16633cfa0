"""What the rules could not judge, and why: one relation, which every surface selects from.

A `Gap` (in `relation`) names its reason, the rules, the days, the source, the buildings, and how
much was lost. `gaps` computes those of now from `state.db`: `status`, `check`, `doctor`, a run,
alerts and the desk show some reasons of it. The report makes the same rows of a week's snapshot
(`reports/gaps`). The words of a reason are in `relation.WHY` alone.

`days` has the days that a rule must not judge, `losses` what filters left out of the judged
events, `logs` the logs and lists that are missing, `explanations` what no candidate could be
tested for, and `week` what the newest week of logs left to judge. `families` groups the rules by
the events that they share.

`remedies` has how to get each log, field or list, `decision_plan` ranks them by the cases that
each would decide, and `forecast` compares what was expected with what happened.
"""
