"""Files that merchants upload: recognising, storing, and recording them."""
