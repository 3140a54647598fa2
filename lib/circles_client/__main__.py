"""python -m circles_client, which is circles without an installation."""

from circles_client.commands.main import main

if __name__ == "__main__":
    main()
