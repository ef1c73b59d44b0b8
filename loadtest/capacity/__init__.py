"""Capacity: what so many CDRs a day need, from what one was measured to cost on a machine.

What belongs here: what was measured (`costs`), what it comes to (`model`), and how that is told (`plan_command`).
"""
