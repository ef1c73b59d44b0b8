"""A batch of what recharge reads on one partition, decided."""
