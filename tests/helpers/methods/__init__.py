"""The reference methods: written as a user would, each in one file of less than 80 lines."""
