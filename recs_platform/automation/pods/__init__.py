"""Runs as pods of a Kubernetes cluster: who starts them, what they may use, and what their pods look like."""
