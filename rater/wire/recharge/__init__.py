"""What recharge reads and writes, between bytes and types."""
