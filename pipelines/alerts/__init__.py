"""Messages about findings and source health, each sent once.

`news` defines a fact, `decisions` its receiver and time, `message` its words (all pure).
`facts` collects announceable facts, `memory` stores announcements and answers, `rounds`
puts due messages into the `outbox`, `dispatch` sends them; `channels` contains one file
per delivery method.
"""
