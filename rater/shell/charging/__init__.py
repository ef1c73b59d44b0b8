"""The charging worker: its app, its step, its process."""
