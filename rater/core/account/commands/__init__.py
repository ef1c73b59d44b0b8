"""Account commands, one file each: what refuses one, what it posts, what that changes, what is told of it."""
