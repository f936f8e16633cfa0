"""Messages about findings and source health, each sent once.

`news` says what a fact is, `deciding` who is told of it and when, `messages` in
which words (all pure). `memory` keeps what was decided, `outbox` what is to be
sent and what was; `channels` holds one way of delivery a file.
"""
