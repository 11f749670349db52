"""A run in the browser, also while it goes on: `watching` what there is, `server` for who asks."""
