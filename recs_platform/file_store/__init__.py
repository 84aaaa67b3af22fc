"""Files by name, in a folder of this machine or in a bucket: models and reports, and what the lake keeps in a bucket.

Not here: tables (`warehouse/`), and what is in the files.
"""
