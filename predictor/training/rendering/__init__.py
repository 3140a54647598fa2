"""Everything that is drawn for training. Start reading at scenes.py, and at recipe.py for what is shown how often."""
