"""What scripts show, drawn for a terminal or written for other programs."""
