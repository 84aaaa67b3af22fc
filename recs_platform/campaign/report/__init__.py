"""The campaign report that people read: one HTML page that needs nothing but itself, and a CSV per question.

`reading.py` asks, `sections.py` and its neighbours say it, `files.py` writes it. Everything but reading and writing is
pure: the same findings give the same bytes.
"""
