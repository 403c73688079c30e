"""Persona panels: described people, whom a language model answers for."""
