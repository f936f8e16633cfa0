"""How a column of the warehouse goes into a snapshot: as it is, named, or masked."""

from pipelines.privacy.pseudonyms import SENSITIVE, WITHHELD


def copied(number: int, name: str, kind: str | None) -> tuple[str, str]:
    """How a column goes into a snapshot, and the join that it needs."""
    if kind is None:
        return f"rows.{name}", ""
    if kind == "category":
        words = "|".join(SENSITIVE)
        pattern = rf"\b({words})\b"
        return (
            f"regexp_replace(rows.{name}, '{pattern}', '{WITHHELD}', 'g') as {name}",
            "",
        )
    if kind == "sites":
        told = f"coalesce(named_{number}.names[one], one)"
        join = (
            "cross join (select map(list(value), list(name)) as names"
            f" from main.pseudonyms where kind = 'site') as named_{number}"
        )
        return f"list_transform(rows.{name}, lambda one: {told}) as {name}", join
    other = f", rows.{name}" if kind == "site" else ""
    join = (
        f"left join main.pseudonyms as names_{number}"
        f" on rows.{name} = names_{number}.value and names_{number}.kind = '{kind}'"
    )
    return f"coalesce(names_{number}.name{other}) as {name}", join
