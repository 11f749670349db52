"""Parameters chosen on problems that are never reported on.

ttc tune RUN          -> tuned.json: the split, every candidate, the choice
policies: [{.., tuned: tuned.json}]  -> evaluated on other problems only, else refused
"""
