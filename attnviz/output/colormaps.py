"""Colour tables as our own data: importing Matplotlib for them would cost a third of a second.

viridis, cividis and magma are the perceptually uniform, colour-blind safe maps of Matplotlib (Smith, van der Walt,
Firing; Nuñez et al. 2018), greys is its Greys, redblue its RdBu_r (Brewer 2003), safe too, made lighter towards a white
middle; a test compares every entry. On terminals with 256 colours the nearest entries of viridis get darker in places
where the table gets lighter, so each map but redblue, which only pictures use, has a ramp there whose luminance is
monotone.

amber is the terminal's own, and azure is for values below zero next to it: their first colours are bright enough to be
seen on black and dark enough to be seen on white, and values below ``LEAST_PAINTED`` have no colour at all, so that a
zero is never painted.

paper is the pictures' own: from white over sky blue to a dark indigo. In CAM02-UCS, where equal distances look equal,
its steps are equal, and its lightness falls evenly from 100 to 18: so it does in grey, and for people who see fewer
colours. Its hue and chroma follow a Bezier curve from white over (a', b') = (-19, -9) and (-33, -33) to (12, -22). A
test measures it.
"""

from functools import cache

from attnviz.errors import UsageError, brief

RGB = tuple[int, int, int]

COLORMAPS = ("viridis", "cividis", "magma", "greys")
AMBER, AZURE = "amber", "azure"
TERMINAL_COLORMAPS = (AMBER, *COLORMAPS)
GROUNDLESS = {  # the terminal's own ground is their zero; the darkest and the brightest colour
    AMBER: ((120, 82, 18), (255, 184, 28)),
    AZURE: ((34, 88, 150), (104, 186, 255)),
}
LEAST_PAINTED = 0.1  # of those, from 0 to 1
PAPER = "paper"
_SEQUENTIAL = """viridis plasma inferno magma cividis Greys Purples Blues Greens Oranges Reds YlOrBr YlOrRd OrRd PuRd
RdPu BuPu GnBu PuBu YlGnBu PuBuGn BuGn YlGn binary gist_yarg gist_gray gray bone pink spring summer autumn winter cool
Wistia hot afmhot gist_heat copper"""
PICTURE_COLORMAPS = (PAPER, *_SEQUENTIAL.split())  # all but the first are Matplotlib's sequential maps
DIVERGING = "redblue"  # for differences: blue below 0, red above, white between
ENTRIES = 256


@cache
def table(name: str) -> tuple[RGB, ...]:
    """The 256 colours of a map, from the lowest value to the highest, as red, green and blue from 0 to 255."""
    if name in GROUNDLESS:
        return tuple(_between(*GROUNDLESS[name], (i / (ENTRIES - 1)) ** 0.5) for i in range(ENTRIES))
    from base64 import b64decode  # noqa: PLC0415 (start-up time: the command line needs only the names)

    data = b64decode(_TABLES[name])
    return tuple((data[i], data[i + 1], data[i + 2]) for i in range(0, len(data), 3))


def colormap_name(text: str) -> str:
    """The name of a picture's colour map, as ``PICTURE_COLORMAPS`` writes it; ``_r`` at its end reverses the map.

    Args:
        text: the name in capitals or small letters.

    Raises:
        UsageError: no map has that name.
    """
    names = {name.lower(): name for name in PICTURE_COLORMAPS}
    wanted = text.strip().lower()
    stem = wanted.removesuffix("_r")
    if stem in names:
        return names[stem] + wanted[len(stem) :]
    from difflib import get_close_matches  # noqa: PLC0415 (start-up time)

    near = [names[name] for name in get_close_matches(wanted, names, cutoff=0.7)]
    question = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise UsageError(
        f"cmap: {brief(repr(text))} is not known{question}; expected {PAPER}, or a sequential map of Matplotlib "
        "such as viridis, Greys or YlGnBu"
    )


def ramp_256(name: str) -> tuple[int, ...]:
    """The map's colours on a terminal with 256 colours, as its palette's numbers."""
    return _RAMPS_256[name]


def palette_rgb(number: int) -> RGB:
    """The usual colour of entry 16 to 255 of the 256-colour palette: a 6 x 6 x 6 cube, then 24 greys."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    cube = (0, 95, 135, 175, 215, 255)
    number -= 16
    return cube[number // 36], cube[number // 6 % 6], cube[number % 6]


def luminance(rgb: RGB) -> float:
    """The relative luminance of WCAG 2, from 0 (black) to 1 (white)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in rgb))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def text_on(rgb: RGB) -> RGB:
    """Black or white, whichever contrasts more: at least 4.58 to 1 on any colour."""
    return (255, 255, 255) if luminance(rgb) <= 0.179 else (0, 0, 0)


def _between(dark: RGB, bright: RGB, place: float) -> RGB:
    red, green, blue = (round(low + (high - low) * place) for low, high in zip(dark, bright, strict=True))
    return red, green, blue


_RAMPS_256 = {
    # By the root of the value, as the table, so that small values differ.
    AMBER: (58,) * 2 + (94,) * 4 + (130,) * 6 + (136,) * 9 + (172,) * 11 + (178,) * 14 + (214,) * 18,
    AZURE: (24,) * 6 + (25,) * 9 + (31,) * 12 + (32,) * 15 + (74,) * 15 + (75,) * 18,
    "viridis": (53, 54, 55, 24, 30, 31, 36, 37, 42, 113, 149, 185, 221, 227),
    "cividis": (17, 18, 236, 238, 59, 60, 242, 102, 103, 143, 144, 179, 185, 221, 227),
    "magma": (16, 233, 53, 54, 90, 91, 126, 132, 168, 203, 209, 215, 222, 229),
    "greys": (231, *range(255, 231, -1), 16),
}

_TABLES = {
    "viridis": (
        "RAFURAJVRANXRQVYRQZaRQhbRglcRgteRgxfRg5hRw9iRxFjRxJlRxRmRxVnRxZpRxhqSBlrSBpsSBxuSB1vSB5wSCBxSCFySCJz"
        "SCN0RyV1RyZ2Ryd3Ryh4Ryp5Ryt6Ryx7Ri18Ri98RjB9RjF+RTJ/RTR/RTWARTaBRDeBRDmCQzqDQzuDQzyEQj2EQj6FQkCFQUGG"
        "QUKGQEOHQESHP0WHP0eIPkiIPkmJPUqJPUuJPUyJPE2KPE6KO1CKO1GKOlKLOlOLOVSLOVWLOFaLOFeMN1iMN1mMNlqMNluMNVyM"
        "NV2MNF6NNF+NM2CNM2GNMmKNMmONMWSNMWWNMWaNMGeNMGiNL2mNL2qNLmuOLmyOLm2OLW6OLW+OLHCOLHGOLHKOK3OOK3SOKnWO"
        "KnaOKneOKXiOKXmOKHqOKHqOKHuOJ3yOJ32OJ36OJn+OJoCOJoGOJYKOJYONJISNJIWNJIaNI4eNI4iNI4mNIomNIoqNIouNIYyN"
        "IY2MIY6MII+MIJCMIJGMH5KMH5OLH5SLH5WLH5aLHpeKHpiKHpmKHpmKHpqJHpuJHpyJHp2IHp6IHp+IHqCHH6GHH6KGH6OGIKSF"
        "IKWFIaaFIaeEIqeEI6iDI6mCJKqCJauBJqyBJ62AKK5/Ka9/KrB+K7F9LLF9LrJ8L7N7MLR6MrV6M7Z5Nbd4Nrh3OLl2Obl2O7p1"
        "Pbt0PrxzQL1yQr5xRL5wRb9vR8BuScFtS8JsTcJrT8NpUcRoU8VnVcZmV8ZlWcdkW8hiXslhYMlgYspfZMtdZ8xcacxba81Zbc5Y"
        "cM5Wcs9VdNBUd9BSedFRfNJPftJOgdNMg9NLhtRJiNVHi9VGjdZEkNZDktdBldc/l9g+mtg8ndk6n9k4oto3pdo1p9szqtsyrdww"
        "r9wust0std0rt90put4nvd4mv98kwt8ixd8hx+AfyuAezeAdz+Ec0uEb1OEa1+IZ2uIY3OIY3+MY4eMY5OMY5+QZ6eQZ7OQa7uUb"
        "8eUc8+Ue9uYf+OYh+uYi/eck"
    ),
    "cividis": (
        "ACJNACNPACNQACRSACVUACZVACZXACdZAChbAChcACleACpgACpiACtkACxmACxnAC1pAC5rAC9tAC9vADBwADBwADFwADFwBDJw"
        "CDNwCzNwDjRwETVvFDZvFjZvGDdvGjhvHDhuHTluHzpuITtuIjtuJDxuJT1tJz1tKD5tKj9tKz9tLEBtLkFsL0JsMEJsMUNsMkRs"
        "NERsNUVsNkZsN0ZsOEdsOUhsOkhrO0lrPUprPktrP0trQExrQU1rQk1rQ05rRE9rRU9rRlBrR1FrSFFrSVJrSlNrS1RsTFRsTVVs"
        "TlZsTlZsT1dsUFhsUVhsUllsU1psVFpsVVttVlxtV11tWF1tWV5tWV9tWl9tW2BuXGFuXWFuXmJuX2NuYGRuYWRvYWVvYmZvY2Zv"
        "ZGdvZWhwZmlwZ2lwaGpwaGtxaWtxamxxa21xbG1ybW5ybm9ybnBzb3BzcHFzcXJzcnN0c3N0dHR1dHV1dXV1dnZ2d3d2eHh2eXh3"
        "eXl3enp3e3t3fHt4fXx4fn14f314gH54gX94goB4g4B4hIF4hYJ4hYN4hoN4h4R4iIV4iYZ4ioZ4i4d4jIh4jYl4jol4j4p3kIt3"
        "kYx3kox3k413lI53lY93lo93l5B2mJF2mZJ2mpN2m5N2nJR2nZV1npZ1n5Z1oJd1oZh0opl0o5p0pJp0pZtzppxzp51zqJ5zqZ5y"
        "qp9yq6ByrKFxraJxrqJxr6NwsKRwsaVwsqZvs6ZvtKdvtahutqlut6ptuKttuattuqxsu61svK5rva9rvrBqv7BqwbFpwrJpw7No"
        "xLRoxbVnxrVnx7ZmyLdlybhlyrlky7pkzLtjzbxizrxiz71h0L5g0r9g08Bf1MFe1cJe1sNd18Nc2MRb2cVa2sZa28dZ3MhY3slX"
        "38pW4MtV4cxU4sxT481S5M5R5c9Q5tBP6NFO6dJN6tNM69RL7NVK7dZI7tdH79hG8dlE8tpD89pC9NtA9dw/9t09+N47+d86+uA4"
        "++E2/eI0/eMz/eU0/eY2/ec3"
    ),
    "magma": (
        "AAADAAAEAAAGAQAHAQEJAQELAgINAgIPAwMRBAMTBAQVBQQXBgUZBwUbCAYdCQcfCgciCwgkDAkmDQooDgoqDwssEAwvEQwxEg0z"
        "FA01FQ44Fg46Fw88GA8/GhBBGxBEHBBGHhBJHxFLIBFNIhFQIxFSJRFVJhFXKBFZKhFcKxFeLRBgLxBiMBBlMhBnNBBoNQ9qNw9s"
        "OQ9uOw9vPA9xPg9yQA9zQg90Qw91RQ92Rw93SBB4ShB5SxB5TRF6TxF7UBJ7UhJ8UxN8VRN9VxR9WBV+WhV+WxZ+XRd+Xhd/YBh/"
        "YRh/Yxl/ZRqAZhqAaBuAaRyAaxyAbB2Abh6Bbx6BcR+Bcx+BdCCBdiGBdyGBeSKBeiKBfCOBfiSBfySBgSWBgiWBhCaBhSaBhyeB"
        "iSiBiiiBjCmAjSmAjyqAkSqAkiuAlCuAlSyAlyx/mS1/mi1/nC5/ni5+ny9+oS9+ozB+pDB9pjF9pzF9qTJ8qzN8rDN7rjR7sDR7"
        "sTV6szV6tTZ5tjZ5uDd4uTd4uzh3vTl3vjl2wDp1wjp1wzt0xTx0xjxzyD1yyj5yyz5xzT9wzkBw0EFv0UJu00Jt1ENt1kRs10Vr"
        "2UZq2kdp3Ehp3Ulo3kpn4Etm4Uxm4k1l5E5k5VBj5lFi51Ji6FRh6lVg61Zg7Fhf7Vlf7lte7l1d715d8GBd8WFc8mNc82Vc82db"
        "9Ghb9Wpb9Wxb9m5b9nBb93Fb93Nc+HVc+Hdc+Xlc+Xtd+X1d+n9e+oBe+oJf+4Rg+4Zg+4hh+4pi/Ixj/I5j/JBk/JJl/JNm/ZVn"
        "/Zdo/Zlp/Ztq/Z1r/Z9s/aFu/aJv/aRw/qZx/qhz/qp0/qx1/q52/q94/rF5/rN7/rV8/rd9/rl//ruA/ryC/r6D/sCF/sKG/sSI"
        "/saJ/seL/smN/suO/c2Q/c+S/dGT/dKV/dSX/daY/dia/dqc/dyd/d2f/d+h/eGj/OOl/OWm/Oao/Oiq/Oqs/Oyu/O6w/PCx/PGz"
        "/PO1/PW3+/e5+/m7+/q9+/y/"
    ),
    "greys": (
        "/////v7+/v7+/f39/f39/Pz8/Pz8+/v7+/v7+vr6+vr6+fn5+fn5+Pj4+Pj49/f39/f39/f39vb29vb29fX19fX19PT09PT08/Pz"
        "8/Pz8vLy8vLy8fHx8fHx8PDw8PDw7+/v7+/v7u7u7e3t7e3t7Ozs6+vr6urq6urq6enp6Ojo5+fn5+fn5ubm5eXl5eXl5OTk4+Pj"
        "4uLi4uLi4eHh4ODg4ODg39/f3t7e3d3d3d3d3Nzc29vb2tra2tra2dnZ2NjY19fX19fX1tbW1dXV1NTU09PT0tLS0dHR0NDQz8/P"
        "z8/Pzs7Ozc3NzMzMy8vLysrKycnJyMjIyMjIx8fHxsbGxcXFxMTEw8PDwsLCwcHBwcHBwMDAv7+/vr6+vb29vLy8u7u7urq6uLi4"
        "t7e3tra2tbW1s7OzsrKysbGxsLCwr6+vra2trKysq6urqqqqqKiop6enpqampaWlpKSkoqKioaGhoKCgn5+fnZ2dnJycm5ubmpqa"
        "mZmZl5eXlpaWlZWVlJSUk5OTkpKSkZGRj4+Pjo6OjY2NjIyMi4uLioqKiYmJiIiIh4eHhoaGhISEg4ODgoKCgYGBgICAf39/fn5+"
        "fX19fHx8e3t7enp6eHh4d3d3dnZ2dXV1dHR0c3NzcnJycXFxcHBwb29vbm5ubW1tbGxsa2trampqaWlpaGhoZmZmZWVlZGRkY2Nj"
        "YmJiYWFhYGBgX19fXl5eXV1dXFxcW1tbWlpaWVlZWFhYV1dXVlZWVVVVVFRUU1NTUlJSUFBQT09PTk5OTExMS0tLSUlJSEhIR0dH"
        "RUVFREREQkJCQUFBQEBAPj4+PT09Ozs7Ojo6ODg4Nzc3NjY2NDQ0MzMzMTExMDAwLy8vLS0tLCwsKioqKSkpKCgoJiYmJSUlIyMj"
        "IiIiISEhICAgHx8fHh4eHR0dGxsbGhoaGRkZGBgYFxcXFhYWFBQUExMTEhISEREREBAQDw8PDQ0NDAwMCwsLCgoKCQkJCAgIBgYG"
        "BQUFBAQEAwMDAgICAQEBAAAA"
    ),
    "paper": (
        "/////f7+/P39+vz8+fv79/r79vn69Pj58vf48fb37/b27vX27PT16vP06fLz5/Hy5vDy5O/x4u7w4e3v3+3v3uzu3Ovt2urs2ens1+jr"
        "1ufq1Obp0ubp0eXoz+TnzePnzOLmyuHlyeHlx+Dkxd/kxN7jwt3iwNziv9zhvdvhu9rgutnfuNjfttjetdfes9bdsdXdsNTcrtTcrNPb"
        "qtLbqdHap9DapdDZo8/Zos7YoM3YnszXnMzXm8vXmcrWl8nWlcnVk8jVksfVkMbUjsbUjMXUisTTiMPThsPThcLSg8HSgcDSf8DRfb/R"
        "e77Reb3Rd73QdbzQc7vQcbrQb7rQbbnPa7jPaLfPZrfPZLbPYrXPYLTOXrTOW7POWbLOV7HOVLHOUrDOUK/OTa7OS67OSK3ORqzOQ6vO"
        "QarOPqrOPKnOOajON6fONKbOMqXOL6TOLaTOKqPOKKLOJqHOI6DOIZ/OH57OHp3OHJzNG5vNGprNGZnNGZjNGZfMGZbMGZXMGpTLG5PL"
        "G5LLHJHKHZDKH4/JII7JIY3IIozHI4vHJInGJojGJ4fFKIbEKYXDKoTDK4PCLILBLYHALoDAL3+/MH6+MX29Mny9M3u8M3q7NHm6NXe5"
        "Nna4NnW3N3S3OHO2OHK1OXG0OXCzOm+yOm6xO22wO2ywPGuvPGquPWmtPWisPWerPmaqPmWpP2SoP2OnP2KnP2GmQGClQF+kQF6jQF2i"
        "QVyhQVugQVqfQVmeQVidQledQlacQlWbQlSaQlOZQlKYQlGXQlCWQk+VQk6UQk2UQkyTQ0uSQ0qRQ0mQQ0iPQ0eOQ0aNQ0WMQkSMQkOL"
        "QkKKQkGJQkCIQj+HQj6GQj2FQjuFQjqEQjmDQjiCQjeBQTaAQTV/QTR/QTN+QTJ9QTF8QTB7QC96QC56QCx5QCt4QCp3QCl2Pyh1Pyd1"
        "PyV0PyRzPyNyPiJxPiFxPh9wPh5vPR1uPRttPRptPRhsPBdrPBVqPBRpPBJpOxBoOw9nOw1mOgtmOghlOgZkOgRj"
    ),
    "redblue": (
        "BTBhBjJjBzRmCDZpCThsCjpvCzxyDD51DkF5D0R8EEZ/EkiCE0qFFEyIFU6LFlCOF1KRGFWUGVeWGlmZG1ucHV2fHmCjH2KmIGSpImas"
        "I2iuJWqvJmywJ26xKW+yKnGyK3OzLXW0Lne1L3i2MXu4Mn25M3+6NYC7NoK8OIS8Ooa9O4e+PIm/PovAP43BQI7CQpDDQ5LERJXGRpfH"
        "SZjITJrJT5zKUp7LVqDMWaLNXKTOX6bPYqjQZarRaazSbK7Tb7DUcrPWdbXXeLfYe7nafrvbgb3chL/diMHejMPfj8XgksfhlcnimMrj"
        "msvknc7ln8/motDnpNHnp9PoqdTprNXqrtbqsNjrtNnsttrsudvtu93uvt7uwODww+HxxePyyOTyyuXzzeb0z+j00un11Or21+z32Oz3"
        "2u333O733e743/D54PH54vH54/L65fP65vT66PT76fX76/b77Pb77vf87/j88fn88vn89fv+9vz++Pz++f3/+/7//P7//v////////79"
        "//37//z5//v3//n1//jz//fx//Xv//Tt//Pr//Lp//Hn//Dl/+/j/+3h/+zf/+ve/+rc/+na/+jY/+fW/+XT/+TR/+PP/+LO/9/L/93I"
        "/9vF/9nD/9fA/9W9/9O7/9G4/861/8yy/8mv/ses/sWp/sOn/MGk/L+h/L2f+7qc+7iZ+raW+rSU+rKR+bCO+a6M+auI+KiF96WD9qOB"
        "9KB/85198pt78Jh575V37pN17JBz641x6opv6Yht6IRq5oFn5X9l5Hxj43lh4nZf4XRd33Fb3m5Z3GxX22lV2mZT2WRR12FP1l5O1FpM"
        "01dK0VRJ0FJIz09GzUxFzElEykZCyUNByEE/xT4+xDs9wjg7wTU6wDI4vi82vSw1uyk0uiYzuCMxtyEwth4vtBstshksrxgsrBcrqBYr"
        "pRUqohMpnxIonBEomhEolxAnlA8nkQ4mjg0miwwliAslhQokggkkfwgjfAcjeAUhdQQhcgMgbwIgbAEfaQAfZwAf"
    ),
}
