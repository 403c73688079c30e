"""People's rights over what is held on them."""
