"""The load test of the gatekeeper: questions by a schedule, while statuses change."""
