"""Models asked live, call by call, within limits and a budget: the engine of every app's runs."""
