"""The gatekeeper: answers over HTTP whether a call may start, and for how long at most; it never writes."""
