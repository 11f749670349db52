"""`ttc plan`: what a recipe will use, what its budget buys, how many problems an answer needs."""
