"""
Reads encoded pictures, for functions and predictor alike, in bounded memory and time.

It knows neither of them. Start at opening.py; then source.py says what every format can do.

opening.py   format, header, limits: what is refused before a byte is decoded
source.py    costs, check, bands of RGB, upright copies
formats/     one module or folder for each format
rgb.py       8 bits a channel; deep.py and levels.py: more
budget.py    the memory of a process, shared by everything that holds much
limits.py    all limits, errors.py all refusals
"""
