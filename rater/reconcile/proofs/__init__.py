"""The proofs: each looks at the inputs of one partition and reports differences."""
