"""The plan catalog: its file, its record on the topic, and what can be wrong with either."""
