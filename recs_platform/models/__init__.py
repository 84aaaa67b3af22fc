"""Models that say how likely a pair is to be positive, or in which order pairs stand: from a table of examples to a
folder that can be served. Pure.

A strategy brings its list of features and its examples; nothing here knows what an offer or a customer is.
"""
