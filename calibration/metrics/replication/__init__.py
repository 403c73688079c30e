"""Whether a panel's votes, or any scorer's numbers, show the effects that people's labels show."""
