"""Texts of others, with what a terminal would obey made visible.

Names, tags, descriptions and error messages come from whoever wrote them. A terminal obeys control
characters in them: it clears its screen, overwrites lines, or shows a text backwards.
"""

from __future__ import annotations

import unicodedata

#: Kinds of characters that have an effect and no shape: controls, formats, surrogates, and the
#: separators of lines and paragraphs. [Unicode, general categories]
_WITHOUT_SHAPE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

#: Formats that words of Persian and Hindi and many emoji are written with. They only join letters.
_JOINERS = "\u200c\u200d"


def visible(text: object, keep: str = "") -> str:
    r"""Return a text in which control characters are spelled out, such as ``\x1b`` and ``\n``.

    Args:
        text: The text of somebody else; anything that is no text is turned into one.
        keep: Control characters that stay as they are.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _WITHOUT_SHAPE
        and character not in _JOINERS
        and character not in keep
        else character
        for character in text
    )
