"""`ttc sweep`: many cells of one or more recipes, planned before they start and told at the end."""
