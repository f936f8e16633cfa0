"""Which days a changed registry touches: those on which a model could say otherwise.

One module for each way in which rows reach days: `dated` by their dates, `mentions`
by accounts and devices that log lines speak of, `addresses` by what the networks say
of an address, `sites` by hosts that were asked for, `policy` by the findings that
rest on a clause. A day that is missed would keep a finding that is wrong; a day too
many costs time. So what can not be told to be untouched is opened.
"""
