"""What people do besides labelling, and where they go on."""
