"""One check per file; every row is seen once; findings in two languages, with a fix where one exists."""
