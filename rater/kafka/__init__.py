"""How all of us reach Kafka: the broker, what a fetch may bring. Knows nothing of CDRs, accounts or services."""
