"""Inside GIMP: does what the test outside asks for, until it says "end"."""

import time

from kit import OUT, answer_what_was_asked, close_photos

(OUT / "serving").touch()
while not (OUT / "end").exists():
    answer_what_was_asked()
    time.sleep(0.02)
close_photos()
