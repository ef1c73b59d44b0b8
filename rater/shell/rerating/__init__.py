"""Rerating: which charges are meant, what they would cost now, and the job that has them rated again (A102)."""
