"""What training does to what models say: pure functions on arrays."""
