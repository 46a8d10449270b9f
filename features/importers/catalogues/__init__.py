"""Product exports of platforms, a file each: their headers, and what their cells mean."""
