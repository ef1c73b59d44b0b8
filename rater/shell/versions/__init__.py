"""Topics of versions (rate decks, charging settings): published whole, followed in memory."""
