"""Settings of the services: declared once, read from options, environment and a TOML file, refused with their names."""
