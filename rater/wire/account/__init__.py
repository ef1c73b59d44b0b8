"""Account commands and the state of an account, between bytes and types."""
