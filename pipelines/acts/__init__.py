"""What people do with cases, names and weeks: one function per act.

The command line and the desk call the same functions, with the person who acts as an
argument; nothing here prints, asks the operating system or knows of a browser.
"""
