"""What the records add up to, worked out apart from the rater: ledger, balances, versions, batches."""
