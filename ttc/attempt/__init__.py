"""What methods hold. The only room that knows both the engine's models and the parts."""
