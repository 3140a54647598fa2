"""Translate KServe's V1 and V2 protocols to queries and back, without HTTP and the detector."""
