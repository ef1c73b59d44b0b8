"""The published language: topics, records, schemas and examples that others may rely on.

Depends on msgspec alone, so that any Python program can use it as it is.
What it is not: it holds no rule of pricing or of accounts. `catalog` names every topic, `records` every message,
`partitioner` the partition of a key, `manifests` the one binary layout there is.
"""
