"""Real files with bytes changed, through the readers: none may harm the program or hold it up."""
