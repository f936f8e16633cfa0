"""The pages of thresholds: every rule, and one rule with the form that changes a number."""

from collections.abc import Iterator, Mapping

from pipelines.actions.context import ActionContext
from pipelines.actions.thresholds import Threshold, regulation_of, rule_of, thresholds_of
from pipelines.reports.sections.rules import in_order
from pipelines.settings.toml_text import toml


def rules_page(context: ActionContext) -> dict[str, object]:
    """Return the rules that are on and have thresholds, with those that the district changed."""
    rules = context.district.rules
    return {
        "rules": [
            {
                "code": code,
                "title": rules[code].header.title,
                "count": len(rows),
                "changed": [row for row in rows if row["is_changed"]],
            }
            for code in sorted(rules, key=in_order)
            if (rows := list(_rows(thresholds_of(context, rules[code]))))
        ]
    }


def rule_page(context: ActionContext, name: str) -> dict[str, object]:
    """Return one rule with its thresholds."""
    rule = rule_of(context, name)
    thresholds = thresholds_of(context, rule)
    return {
        "code": rule.header.code,
        "title": rule.header.title,
        "summary": " ".join(rule.header.summary.split()),
        "rows": list(_rows(thresholds)),
        "choices": {
            one.name: f"{one.words} (now {toml(one.value)})" for one in thresholds.values()
        },
        "regulation": regulation_of(context, rule),
        "may": context.asker.may("sites"),
        "is_alone": context.asker.is_alone,
    }


def _rows(thresholds: Mapping[str, Threshold]) -> Iterator[dict[str, object]]:
    """Yield a row for each threshold."""
    for one in thresholds.values():
        yield {
            "words": one.words,
            "value": toml(one.value),
            "default": toml(one.param.default),
            "unit": one.param.unit,
            "allowed": one.param.allowed,
            "why": one.param.why,
            "is_changed": one.value != one.param.default,
        }
