"""The program that spark-submit starts: runs the command line unchanged."""

from pipelines.cli import main

main()
