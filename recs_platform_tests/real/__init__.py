"""Real data: what the platform makes of it, beside the simplest that a sceptic would try. Run by `make real`."""
