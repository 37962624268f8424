"""What the pictures of a simulated board show, and the files that hold them."""
