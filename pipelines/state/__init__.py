"""`state.db`: what cannot be recomputed, and every query on it.

`tables` names the tables, `connections` opens the database, `layout` and `migration`
bring an earlier one to the present. One module each keeps the ledger, what is known of
sources, the audit chain, findings, reviews, alerts, what privacy needs, published
reports, and what was purged or is on hold. Others call these with plain values; only
this folder writes SQLAlchemy. SQLite by default, PostgreSQL where several machines
share one.
"""
