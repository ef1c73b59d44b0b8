"""Explanation: why an entry of the ledger is as it is, worked out anew from what was before it, and held against it."""
