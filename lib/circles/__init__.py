"""
Circles finds every round thing in a picture.

domain     the nouns, the ports that keep them, the errors: start reading here
usecases   what the project does, a module per verb
formats    how data is written: JSON documents, CloudEvents, notifications
web        HTTP in and out
adapters   the ports over real things: SQLite, S3, a folder, KServe, Pillow
telemetry  metrics and trace context
serve      python -m circles.serve, which starts every function
bootstrap  joins the adapters to the ports
"""
