"""Answers a notice from outside: whose an address was at a moment, and how sure.

The chain is address translation → device by lease, tunnel or fixed address →
account by logons. Each link is shown with its log line, each break as a gap. The
grade is that of web requests, except that grade A needs a login on the very line
that the notice is about; grade D names nobody. Everything comes out under
pseudonyms.
"""
