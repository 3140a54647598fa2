"""A data set of what people reviewed, for training and evaluation."""
