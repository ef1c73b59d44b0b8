"""The recycler: a service that releases calls from suspense by itself, once what they waited for is there."""
