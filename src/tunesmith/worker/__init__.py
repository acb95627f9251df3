"""The process that carries out jobs: it claims them, validates their files, and runs each one in a child process."""
