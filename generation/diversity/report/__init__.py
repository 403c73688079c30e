"""What is found of a data set's diversity, as plain JSON, and what of it a person reads first."""
