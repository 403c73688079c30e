"""How people label: measures, flags, and a member's decisions about them."""
