"""Reports on the terminal and as spreadsheets."""
