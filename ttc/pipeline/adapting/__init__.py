"""Rules that stop, compared on one pool.

ttc adapt RUN         -> adaptation.parquet, adapt.json: the split, what was tuned, what came of it
"""
