"""The imperative shell: the only code that knows Faust, clocks and sockets."""
