"""The canary: a service that plays one known round after another for a tenant of our own, and says what fails."""
