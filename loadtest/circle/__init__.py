"""The circle: CDR, charge, threshold, payment command, payment, credit, e-mail; every service is a process of its own.

`cast` says which tenants there are and what their payment methods do; `services` are the processes; `truth` holds the
topics against what the provider captured and what the mail server got.
"""
