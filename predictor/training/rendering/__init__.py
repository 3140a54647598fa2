"""
Draw everything that training shows.

Start reading at scenes.py, and at recipe.py for what is shown how often.
"""
