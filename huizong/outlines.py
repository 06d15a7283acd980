"""Outlines of regions for a map: a GeoJSON file that the administrator supplies, since none may be shipped or fetched.

data/map.geojson, or the file that HUIZONG_MAP names. Its features are keyed by the 6-digit code of a province, a
prefecture, a county (150000, 150400, 150424), in the feature's id or in one of CODE_PROPERTIES.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from huizong.texts import _

PLACE = Path(__file__).parent.parent / "data" / "map.geojson"
CODE_PROPERTIES = ("adcode", "code", "gb", "区划代码", "行政区划代码", "代码", "id")
MAX_BYTES = 48 * 2**20  # parsing takes some ten times as much memory
MAX_FEATURES = 10_000
MAX_POINTS = 3_000_000
GRID = 1600  # places across a map; what is finer than a pixel is not drawn


class BadOutlines(ValueError):
    """The map's file cannot be used; the message, in the language of the page, says why and what would be right."""


@dataclass(frozen=True)
class Outlines:
    """Code of a unit → its rings, each an array of (longitude, latitude); outer rings turn left, holes right.

    The codes are those of the register: 15 of 150000, 1504 of 150400.
    """

    rings: Mapping[str, tuple[np.ndarray, ...]]

    def among(self, units: list[str]) -> "Outlines":
        """Those of the units, on a plane where a kilometre is as long upwards as across, as fine as a screen is."""
        rings = {unit: self.rings[unit] for unit in units if unit in self.rings}
        if not rings:
            return Outlines({})
        corners = np.concatenate([ring for one in rings.values() for ring in one])
        (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
        narrower = math.cos(math.radians((south + north) / 2))
        step = max((east - west) * narrower, north - south, 1e-9) / GRID
        return Outlines(
            {unit: tuple(_coarse(ring * (narrower, 1), step) for ring in one) for unit, one in rings.items()}
        )

    def path(self, unit: str) -> tuple[np.ndarray, np.ndarray]:
        """The rings one behind the other, a NaN between two, as one filled trace wants them."""
        gap = np.full((1, 2), np.nan)
        path = np.concatenate([part for ring in self.rings[unit] for part in (ring, gap)])[:-1]
        return path[:, 0], path[:, 1]

    def centre(self, unit: str) -> np.ndarray:
        """Where its name stands: the middle of its largest ring."""
        ring = max(self.rings[unit], key=lambda ring: abs(_area(ring)))
        return ring[:-1].mean(axis=0) if abs(_area(ring)) < 1e-12 else _centroid(ring)


def place() -> Path:
    return Path(os.environ.get("HUIZONG_MAP") or PLACE)


def outlines() -> Outlines | None:
    """Those of the administrator's file, None when there is none. Raises BadOutlines."""
    path = place()
    try:
        held = path.stat()
    except OSError:
        if os.environ.get("HUIZONG_MAP"):
            raise BadOutlines(_("There is no file {path}.").format(path=path)) from None
        return None
    if held.st_size > MAX_BYTES:
        words = _("{path} has {n} MB; at most {most} MB are read. Simplify the outlines.")
        raise BadOutlines(words.format(path=path.name, n=held.st_size // 2**20, most=MAX_BYTES // 2**20))
    return _read(path, held.st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, _changed: int) -> Outlines:
    try:
        return read_outlines(path.read_bytes())
    except OSError as error:
        raise BadOutlines(_("{path} cannot be read: {error}").format(path=path.name, error=error.strerror)) from None


def read_outlines(content: bytes) -> Outlines:
    """The outlines of a GeoJSON FeatureCollection. Raises BadOutlines."""
    try:
        tree = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadOutlines(_("This is no GeoJSON: it cannot be parsed as JSON in UTF-8.")) from None
    features = tree.get("features") if isinstance(tree, dict) and tree.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        raise BadOutlines(_("This is no GeoJSON FeatureCollection."))
    if len(features) > MAX_FEATURES:
        words = _("There are {n} features; at most {most} are read.")
        raise BadOutlines(words.format(n=len(features), most=MAX_FEATURES))
    rings: dict[str, tuple[np.ndarray, ...]] = {}
    left = MAX_POINTS
    for feature in features:
        code = _code(feature)
        if not code:
            continue
        found = tuple(_rings(feature.get("geometry"), code))
        left -= sum(map(len, found))
        if left < 0:
            raise BadOutlines(_("There are more than {most} points. Simplify the outlines.").format(most=MAX_POINTS))
        if found:
            rings[code] = rings.get(code, ()) + found
    if not rings:
        words = _("No feature has a 6-digit code as its id or in one of its properties {names}, and a polygon.")
        raise BadOutlines(words.format(names=", ".join(CODE_PROPERTIES)))
    return Outlines(rings)


def _code(feature: object) -> str | None:
    """The register's code of a feature: 150400 → 1504."""
    if not isinstance(feature, dict):
        return None
    properties = feature.get("properties")
    said = [feature.get("id")]
    said += [properties.get(name) for name in CODE_PROPERTIES] if isinstance(properties, dict) else []
    for value in said:
        if isinstance(value, str | int) and (found := re.fullmatch(r"(?:156)?([1-9]\d{5})", str(value)[:12])):
            code = found[1]
            return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return None


def _rings(geometry: object, code: str) -> Iterator[np.ndarray]:
    """The rings of a Polygon or MultiPolygon, the outer ones turning left, the holes right."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return
    coordinates = geometry.get("coordinates")
    for polygon in [coordinates] if kind == "Polygon" else coordinates if isinstance(coordinates, list) else []:
        for n, points in enumerate(polygon if isinstance(polygon, list) else []):
            ring = _ring(points, code)
            if len(ring) > 3:
                yield ring if (_area(ring) > 0) == (n == 0) else ring[::-1]


def _ring(points: Any, code: str) -> np.ndarray:
    try:
        ring = np.array([point[:2] for point in points], float).reshape(-1, 2)
    except (TypeError, ValueError, KeyError, OverflowError):
        raise BadOutlines(_("The outline of {code} does not consist of points.").format(code=code)) from None
    if not np.isfinite(ring).all() or (np.abs(ring) > (180, 90)).any():
        words = _("The points of {code} are no degrees of longitude and latitude (WGS 84 or CGCS2000).")
        raise BadOutlines(words.format(code=code))
    return ring


def _area(ring: np.ndarray) -> float:
    """Signed: positive when the ring turns left."""
    x, y = (ring - ring[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def _centroid(ring: np.ndarray) -> np.ndarray:
    x, y = (ring - ring[0]).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    sums = np.array([np.sum((x[:-1] + x[1:]) * cross), np.sum((y[:-1] + y[1:]) * cross)])
    return ring[0] + sums / (3 * cross.sum())


def _coarse(ring: np.ndarray, step: float) -> np.ndarray:
    """Without the points that fall on the place of the one before: the border of two neighbours stays one line."""
    places = np.round(ring / step)
    kept = np.append(True, (np.diff(places, axis=0) != 0).any(axis=1))
    return (places * step)[kept] if kept.sum() > 3 else ring
