"""Messages about findings and source health, each sent once.

`messages` decides what is said (pure), `outbox` keeps what is to be sent and what
was, `channels` holds one way of delivery a file.
"""
