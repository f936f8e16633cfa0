"""Actions of people on cases, names and weeks: one function per action.

The command line and the review desk call the same functions and pass the person who acts.
Nothing here prints, asks the operating system or depends on a browser.
"""
