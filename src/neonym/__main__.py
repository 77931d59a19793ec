"""The command line, as `python -m neonym`."""

from neonym.cli import main

if __name__ == "__main__":  # what is started with `spawn` imports this module
    main()
