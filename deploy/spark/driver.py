"""The program that spark-submit starts: the command line, as it is."""

from pipelines.cli import main

main()
