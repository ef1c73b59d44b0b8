"""The follower: the proofs of charging, made anew every few seconds of what has come since, beside workers that work.

What has come up to a cut is a log that continues the one before (`Log.is_continued`): the folds go on from the past
(`folds/past`), and the proofs are the same as of a whole log. Nothing of a CDR is kept when it is proven. What only the
whole log can show is left to the sweep, which is `rater reconcile` itself.
"""
