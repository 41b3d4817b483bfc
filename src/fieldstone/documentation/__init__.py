"""The documentation of releases: every declaration with its comments, options and history, as plain data.

Pages and programs get the same structs; nothing here knows of HTML.
"""
