"""What strategies that publish recommendations have in common about what became of them."""
