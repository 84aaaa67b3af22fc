"""The explorer: pages that show what a customer gets and why, what is live, and the models with their evidence.

Made on the server, without scripts. Not here: answers for programs (`serving/routes/`).
"""
