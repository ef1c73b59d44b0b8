"""What is shipped to run the services, tried as far as a machine without Docker can: `make check-deploy`.

The image is really built, of a Debian made here, and really run: read-only, as uid 10001, without capabilities. The
composition is read by Docker's own compose, and what it says of each service of ours is then done, container by
container, in one network of their own with a real, secured Kafka. Needs root, and what `tools.py` names.
"""
