"""The campaign report that people read: one HTML page that needs nothing but itself, and a CSV per question.

`reading.py` asks, a module for each section says it (`messages.py`, `orders.py`, ...), `page.py` puts them together,
and `files.py` writes it. Everything but reading and writing is pure: the same findings give the same bytes.
"""
