"""`state.db`: what can not be recomputed.

`schema` and `review_schema` name the tables, `store` opens the database, and one
module each keeps the ledger, the audit chain, the findings and their reviews, the
alerts sent and the reports published. SQLite by default; any database that
SQLAlchemy speaks where several machines share one.
"""
