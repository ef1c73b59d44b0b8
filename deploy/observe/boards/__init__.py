"""Boards: dashboards as data, made into JSON of Grafana (`deploy/dashboards`) as alerts into rule files."""
