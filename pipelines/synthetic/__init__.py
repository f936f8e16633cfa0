"""A synthetic district: people, places, four school weeks, and what is planted.

`generate.generate` writes registry files, log files and the truth behind them into
a district home, the same bytes for the same seed. The order of making:

    invented_people, places, ...    who, where, what, when
    routines                        what everybody does on an ordinary day
    planted                         violations and look-alikes, with their truth
    browsing_sessions, keyboards    plans become web, background and logon events
    writers                         events become the lines of four products

Behaviour is planned here, never judged: no rule of the product is read or called,
so that the truth stays independent of what it is compared with. Every name is
invented, every address is private or from the documentation ranges.
"""
