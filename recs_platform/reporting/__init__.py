"""What people see of a table besides its rows: words and pictures."""
