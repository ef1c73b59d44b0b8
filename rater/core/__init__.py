"""The functional core: synchronous, deterministic, integers only.

What it is not: it reads no clock, no file, no socket, and knows neither Kafka nor Faust. The door is `engine`.
"""
