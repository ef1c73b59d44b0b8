"""Enquiries: the topics are read for whoever asks what an account is, and what became of it. Nothing is written."""
