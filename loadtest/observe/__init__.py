"""Observe: demo traffic, Prometheus and Alertmanager beside it, pages to look at, an alert on purpose."""
