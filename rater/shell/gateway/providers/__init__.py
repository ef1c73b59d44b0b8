"""The payment providers: a folder and a line of the `registry` each; what all of them promise is in `provider`."""
