"""The topics as they lie on the broker, and records decoded with the bounds that they state."""
