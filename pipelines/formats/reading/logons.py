"""The result of a login, from what its line states."""

import polars as pl

from pipelines.formats.reading.fields import null_if_dash, word_of

NEVER = pl.lit(value=False)


def result(
    *,
    failed: pl.Expr,
    reason: pl.Expr,
    entered: pl.Expr | None = None,
    left: pl.Expr = NEVER,
    mapped: pl.Expr = NEVER,
) -> dict[str, pl.Expr]:
    """Return activity, success and the reason of a refusal.

    Args:
        failed: It was refused.
        reason: Why, in the product's words.
        entered: It was accepted; without it, what was not refused was accepted.
        left: The session ended.
        mapped: The product took an address for an account: neither a success nor a refusal.
    """
    is_login = ~(left | mapped).fill_null(value=False)
    refused = pl.when(failed).then(pl.lit(value=False))
    answer = (
        refused.otherwise(pl.lit(value=True))
        if entered is None
        else refused.when(entered).then(pl.lit(value=True))
    )
    return {
        "activity": word_of(("logoff", left), ("mapping", mapped), otherwise="logon"),
        "is_success": pl.when(is_login).then(answer),
        "failure_reason": pl.when(failed & ~left.fill_null(value=False)).then(null_if_dash(reason)),
    }
