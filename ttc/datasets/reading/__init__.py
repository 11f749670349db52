"""What sources of problems share: files, hub datasets, columns and their values."""
