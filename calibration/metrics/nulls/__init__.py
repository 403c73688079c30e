"""What a drop on a subset would be of a scorer that errs alike on all items."""
