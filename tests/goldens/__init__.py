"""Golden files: bytes as a release wrote them; later releases must read them, and this one must write the same."""
