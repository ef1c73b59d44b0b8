"""The watch: says from outside how far behind every consumer group is, by offsets and in seconds; it never writes."""
