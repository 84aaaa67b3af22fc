"""Where customers are answered from: the platform database, which keeps everything, and Redis before it where there is
one. Not here: what is live (`publication/`), and answering (`serving/`).
"""
