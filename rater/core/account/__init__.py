"""An account: its lots, debt, thresholds, limits, and what a command or a charge does to them."""
