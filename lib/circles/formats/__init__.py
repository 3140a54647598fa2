"""Read and write JSON documents, CloudEvents and stores' notifications. Pure functions."""
