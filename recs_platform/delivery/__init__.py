"""What is live, as files for who sends messages: e-mail, push and text messages.

Not here: what is live (`publication/`), how a message fared (`campaign/`), and the terminal (`cli/export.py`).
"""
