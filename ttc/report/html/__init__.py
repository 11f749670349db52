"""A run's report as one HTML file: what it says (`content`, `problems`) and how (`assets`)."""
