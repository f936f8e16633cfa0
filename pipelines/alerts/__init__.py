"""Messages about findings and source health, each sent once.

`news` says what a fact is, `decisions` who is to read it and when, `message` in which
words (all pure). `facts` gathers what may be announced, `memory` keeps what was
announced and answered, `rounds` puts what is due into the `outbox`, `dispatch` sends
it; `channels` holds one way of delivery a file.
"""
