"""The reconciler: proves from the topics alone that the money is right. Start reading here.

It is the second opinion: it imports the published language (`topics`) and nothing of the rater, so that a mistake of
the engine is not repeated here. It changes nothing, belongs to no consumer group and knows no rating.

`log` holds the records of one partition, `kafka_log` reads them, `books` decodes them, `ledger` folds the entries,
`evidence` is all of it. Of recharge, `recharge_books` decodes what it read and wrote, and `recharge_evidence` puts its
steps in order and says what every payment result must come to. `verdict.PROOFS` lists what is proven, one module a
proof, each `(Inputs) -> Iterator[Difference]`; `verdict` sums up.
"""
