"""What the detections found, before anybody judges it.

`catalogue` reads what a detection says of itself (its SQL header and the
policy's clauses), `candidates` reads the rows it returned.
"""
