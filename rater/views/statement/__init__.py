"""Statements: a month of an account, proven against its ledger, as text, HTML, CSV and JSON, in three languages."""
