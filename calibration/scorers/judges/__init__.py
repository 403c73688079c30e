"""LM judges: what they are told to look at, how they are asked, and what their replies say."""
