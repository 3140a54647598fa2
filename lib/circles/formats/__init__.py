"""How others and we write things down: JSON documents, CloudEvents, S3 and SeaweedFS notifications. Pure functions."""
