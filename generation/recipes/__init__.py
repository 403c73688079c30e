"""How models are asked, and what their replies mean: no Django here."""
