"""What the services share as processes: start, clock, health, metrics, logs, timers."""
