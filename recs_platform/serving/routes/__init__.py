"""What the service answers: a module for each group of routes, each with a `router`."""
