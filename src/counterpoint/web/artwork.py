"""Placeholder artwork: one small SVG per item, the same each time, made of its identifier alone."""

from hashlib import blake2b

_SIZE = 120


def artwork(item: str, kind: str) -> str:
    """Return the artwork of an item; its kind gives the figure, its identifier colours and placing."""
    seed = blake2b(f"{kind}|{item}".encode(), digest_size=12).digest()
    hue, turn = seed[0] * 360 // 256, 30 + seed[1] % 110
    # Even to the eye whatever the hue: neither lime nor mud.
    light, deep = f"oklch(.74 .13 {hue})", f"oklch(.38 .12 {(hue + turn) % 360})"
    name = f"art-{seed.hex()[:12]}"
    draw = _FIGURES.get(kind, _circles)
    return (
        f'<svg class="art" viewBox="0 0 {_SIZE} {_SIZE}" aria-hidden="true" focusable="false">'
        f'<linearGradient id="{name}" x1="0" y1="0" x2="1" y2="1"><stop stop-color="{light}"/>'
        f'<stop offset="1" stop-color="{deep}"/></linearGradient>'
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="url(#{name})"/>'
        f'<g fill="#fff" stroke="#fff">{draw(seed)}</g></svg>'
    )


def _circles(seed: bytes) -> str:
    return "".join(
        f'<circle cx="{seed[n] % 120}" cy="{seed[n + 1] % 120}" r="{18 + seed[n + 2] % 34}" opacity=".{12 + 5 * n}"'
        ' stroke="none"/>'
        for n in (2, 4, 6)
    )


def _record(seed: bytes) -> str:
    x, y = 40 + seed[3] % 60, 40 + seed[4] % 60
    return "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke-width="5" opacity=".{opacity}"/>'
        for radius, opacity in ((14, 55), (30, 35), (48, 25), (70, 15))
    )


def _bands(seed: bytes) -> str:
    lean = seed[2] % 60 - 30
    return "".join(
        f'<path d="M{x} -10L{x + lean} 130" fill="none" stroke-width="{4 + seed[n] % 12}" opacity=".{14 + 4 * n}"/>'
        for n, x in enumerate((15, 42, 66, 92, 112))
    )


def _voice(seed: bytes) -> str:
    return "".join(
        f'<rect x="{14 + n * 13}" y="{60 - height / 2}" width="7" height="{height}" rx="3.5"'
        ' opacity=".5" stroke="none"/>'
        for n, height in enumerate(12 + seed[2 + n] % 70 for n in range(8))
    )


_FIGURES = {"album": _record, "playlist": _bands, "podcast": _voice, "show": _voice, "episode": _voice}
