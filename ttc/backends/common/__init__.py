"""What several kinds of model access share, wherever the model runs."""
