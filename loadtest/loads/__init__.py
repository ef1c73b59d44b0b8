"""Loads: a folder with the traffic of a plan, the accounts it needs, and what both must lead to.

What belongs here: what lies in such a folder (`folder`), how a record becomes a line (`lines`) and what is expected a
file (`expectations`), making it (`making`, `generate_command`), playing it on a broker (`playing`, `play_command`),
and holding the topics against it (`auditing`, `audit_command`).
"""
