"""Runs: the standard measurement of a few minutes, kept as a file, and shown as a page.

What belongs here: what a run is and where it is kept (`record`), on what it was taken (`circumstances`), the run itself
(`standard`, `run_command`), and the page of one run or of several (`page`, `charts`, `report_command`).
"""
