"""Learn how the names in a list are built, and coin new ones."""
