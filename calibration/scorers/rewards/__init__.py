"""Reward models: over HTTP in the forms that servers speak, and in this process."""
