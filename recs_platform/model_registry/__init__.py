"""The registry of trained models, and where their artifacts are kept: between pure training (`models/`) and a day.

A strategy trains through `train_and_register.py`, scores through `scoring.py`, and is handed its company's `ModelShelf`
(shelf.py). Not here: how a model is fitted or judged (`models/`).
"""
