"""Authorisation in bytes: what a switch asks, what statuses say of a tenant, and what is answered."""
