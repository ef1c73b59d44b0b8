"""The follower as a service: it reads the tail every few seconds, proves it, and has the whole swept now and then."""
