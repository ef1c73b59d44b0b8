"""Dead letters: which of them are open, what became of the others, and the one place where letters are ended."""
