"""The detector behind a KServe predictor."""
