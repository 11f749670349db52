"""What kinds of model access share that speak to a server: requests, replies, errors, secrets."""
