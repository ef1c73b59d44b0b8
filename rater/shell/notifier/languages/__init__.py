"""Languages of letters: a folder each, with its words and a template for every kind of letter.

A language is in use when `Language` in `topics/fields.py` names it: that line is the registry. The folder has the same
name, and holds `words.toml`, read as `words.Words`, and the templates, `KIND.j2`. The two layouts beside the folders
make text and HTML of every letter.
"""
