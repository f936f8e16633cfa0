"""A synthetic district: people, places, four school weeks, and planted cases.

`generate.generate` writes registry files, log files and the truth behind them into
a district home, the same bytes for the same seed. The order of making:

    invented_people, places, ...    people, places, times and activities
    routines                        everyone's ordinary day
    planted                         violations and look-alikes, with their truth
    browsing_sessions, keyboards    plans become web, background and logon events
    writers                         events become the lines of four products

Behavior is planned here, never judged: no rule of the product is read or called,
so that the truth is independent of the product. Every name is
invented, every address is private or from the documentation ranges.
"""
