"""Charging settings and the shipped table of currencies, between bytes and types."""
