"""
Settings, read once from the environment. Only this package reads os.environ.

model        every setting with its default
conflicts    which settings exclude each other
parsers      from text to values
environment  which variable is which field, and what is wrong with the others
"""

from circles.settings.environment import CLIENT_VARIABLES, SettingsError
from circles.settings.model import Settings

__all__ = ["CLIENT_VARIABLES", "Settings", "SettingsError"]
