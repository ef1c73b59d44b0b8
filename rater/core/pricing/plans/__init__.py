"""Plans: which pools of seconds pay a call, in which order; no account, no amount used."""
