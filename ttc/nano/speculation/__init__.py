"""Speculative sampling: a small network drafts tokens, the target reads them all in one pass.

What is drawn follows the target's distribution exactly, whatever the draft proposes: chains after
arXiv 2211.17192 and 2302.01318, trees of tokens after arXiv 2305.09781, whose branches are drawn
without replacement (arXiv 2402.14160).
"""
