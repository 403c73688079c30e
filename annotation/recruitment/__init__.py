"""Who sends people, and what becomes of their submissions."""
