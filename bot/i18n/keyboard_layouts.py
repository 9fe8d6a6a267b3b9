"""Keys of the Latin, Russian and Kazakh layouts, to convert text typed in a wrong layout."""

LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
# On Kazakh keyboards, the Kazakh letters are in the row of digits.
KAZAKH_KEYS = {"2": "ә", "3": "і", "4": "ң", "5": "ғ", "8": "ү", "9": "ұ", "0": "қ", "-": "ө"}
TO_RUSSIAN = str.maketrans(dict(zip(LATIN_KEYS, RUSSIAN_KEYS, strict=True)))
TO_KAZAKH = TO_RUSSIAN | str.maketrans(KAZAKH_KEYS)
TO_LATIN = str.maketrans(dict(zip(RUSSIAN_KEYS, LATIN_KEYS, strict=True)))
