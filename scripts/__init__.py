"""Scripts: PxL, Pixie's small Python-like language, over the tables of a store."""
