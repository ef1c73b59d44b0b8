"""The watch: says from outside how far behind every consumer group is, by offsets and in seconds, and how many dead
letters are open; it never writes.
"""
