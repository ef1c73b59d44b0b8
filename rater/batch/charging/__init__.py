"""A batch of CDRs or account commands of one partition, decided."""
