"""The load test: traffic, what it must lead to, and the measurements; a black box.

Start reading at `generate` (traffic), then `drive` (to Kafka), `watch` (until it is done) and
`report` (what came of it). `demo` and `bench` are the ways in; `oracle` compares what the ledger
says with what the traffic implies. It imports `topics` alone, never `rater`: it runs the `rater`
command and reads topics, as any outsider would.
"""
