"""The command line: a client of the HTTP API, and `train` and `serve` for the machine it runs on."""
