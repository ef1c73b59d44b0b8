"""Drawn: our own rendering of dashboards, plain SVG on plain HTML. It reads Grafana's JSON, and is not Grafana."""
