"""What a person asks of the topics: folds from records to an answer, as text and as objects. No Kafka, no clock."""
