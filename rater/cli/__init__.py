"""Commands: each parses its arguments, hands over, and says what happened. No rule lives here."""
