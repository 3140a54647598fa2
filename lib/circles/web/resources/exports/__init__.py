"""Tables and totals of many images, and tables that are written in the background."""
