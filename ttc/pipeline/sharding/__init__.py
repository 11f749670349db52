"""A run shared by several machines: parts of its problems, and how they become one run again."""
