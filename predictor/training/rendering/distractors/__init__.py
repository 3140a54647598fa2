"""Add things to a scene that are not round, drawn or cut out."""
