"""One driver, one file. Only bootstrap imports what is here."""
