"""`python -m website.pictures`: draw the pictures anew."""

from website.pictures import write

write()
