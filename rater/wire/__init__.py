"""Bytes to core types and back; pure. A bad message is a value, never an exception."""
