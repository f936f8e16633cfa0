"""A person at a browser: clicks are counted, and the time of reading, aiming and typing.

The times are published measures. A sentence that the person read before is recognized and
not read again; a director who decides ten cases of two rules reads each rule's advice once.
"""

import re
from dataclasses import dataclass, field

WORDS_A_SECOND = 238 / 60
"""Silent reading of English (Brysbaert 2019)."""
CLICK_SECONDS = 1.35 + 1.1 + 0.2
"""To prepare an act, point with a mouse and press (Card, Moran and Newell 1983)."""
KEY_SECONDS = 0.28
"""A key of an average typist (the same)."""
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass
class Person:
    """A page of a browser, and the time that its user takes so far."""

    page: object
    clicks: int = 0
    seconds: float = 0.0
    known: set = field(default_factory=set)

    def reads(self, *selectors):
        for selector in selectors:
            for text in self.page.locator(selector).all_inner_texts():
                new = {one.strip() for one in SENTENCE.split(text)} - self.known
                self.known |= new
                self.seconds += sum(len(one.split()) for one in new) / WORDS_A_SECOND

    def clicks_on(self, locator):
        locator.click()
        self.clicks += 1
        self.seconds += CLICK_SECONDS

    def writes(self, locator, text):
        self.clicks_on(locator)
        locator.fill(text)
        self.seconds += KEY_SECONDS * len(text)

    @property
    def minutes(self):
        """Minutes of the person; the desk's own time is tested by itself."""
        return self.seconds / 60
