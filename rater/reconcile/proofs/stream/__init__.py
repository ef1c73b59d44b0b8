"""Proofs that nothing was lost or read twice."""
