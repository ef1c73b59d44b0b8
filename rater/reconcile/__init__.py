"""The reconciler: proves from the topics alone that the money is right. Start reading here.

It is the second opinion: it imports the published language (`topics`) and nothing of the rater, so that a mistake of
the engine is not repeated here. It changes nothing, belongs to no consumer group and knows no rating.

`reading` holds the records of one partition and decodes them, `folds` adds them up (`books`, `ledger` and what they
need), `inputs` is all of it. Of recharge, `folds.recharge_books` decodes what it read and wrote, and `recharge_inputs`
puts its steps in order and says what every payment result must come to. `report.PROOFS` lists what is proven, one
module a proof in `proofs`, each `(Inputs) -> Iterator[Difference]`; `report` sums up, `wording` says it. What an end of
a dead letter says of another partition waits in `folds.replays` until all were read.
"""
