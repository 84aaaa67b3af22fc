"""Vehicle fitment: parts that fit your car and that owners of your car buy."""
