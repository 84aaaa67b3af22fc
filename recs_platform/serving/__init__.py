"""The prediction service: answers for customers by HTTP, from what was published, and with the models that are active.

Not here: where the answers are kept (`serving_store/`), and what makes a version live (`publication/`).
"""
