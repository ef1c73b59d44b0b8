"""Rater: prices call-detail records in the stream and keeps prepaid accounts, exactly once in effect.

Start reading at `rater.core.engine`.
"""
