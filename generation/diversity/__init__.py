"""How diverse responses are: arrays in, numbers out, no Django."""
