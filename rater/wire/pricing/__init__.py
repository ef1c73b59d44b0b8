"""Rate decks, numbering data and amounts, between bytes and types."""
