"""The reconciler: proves from the topics alone that the money is right. Start reading here.

It is the second opinion: it imports the published language (`topics`) and nothing of the rater, so that a mistake of
the engine is not repeated here. It changes nothing, belongs to no consumer group and knows no rating.

`log` holds the records of one partition, `kafka_log` reads them, `books` decodes them, `ledger` folds the entries,
`evidence` is all of it; `verdict.PROOFS` lists what is proven, one module a proof, each
`(Evidence) -> Iterator[Difference]`; `verdict` sums up.
"""
