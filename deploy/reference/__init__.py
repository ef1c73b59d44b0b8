"""Reference: pages of the documents that are made of the code.

What people read in the repository, too, is committed (`committed.py`, by `make schemas`); the rest, such as
each field of each topic, is made when the site is built (`site_hooks.py`, by `make docs`).
"""
