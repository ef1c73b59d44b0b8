"""The recharge worker: its app, its step, its process."""
