"""What people do with topics: make, check, read, publish, and learn the answers."""
