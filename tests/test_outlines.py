"""The administrator's GeoJSON: whose outline is whose, and a clear word on whatever cannot be used."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from huizong import outlines
from huizong.outlines import BadOutlines, read_outlines

SQUARE = [[116, 42], [117, 42], [117, 43], [116, 43], [116, 42]]
HOLE = [[116.2, 42.2], [116.4, 42.2], [116.4, 42.4], [116.2, 42.4], [116.2, 42.2]]  # turns left like the square


def feature(code: object = 150424, coordinates: Any = (SQUARE,), kind: str = "Polygon", **more: object) -> dict:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"adcode": code, "name": "林西县"}, "geometry": geometry} | more


def collection(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


@pytest.mark.parametrize(
    ("said", "code"),
    [(150424, "150424"), ("150424", "150424"), ("150400", "1504"), (150000, "15"), ("156150424", "150424")],
)
def test_a_region_is_known_by_its_6_digit_code(said: object, code: str) -> None:
    assert list(read_outlines(collection(feature(said))).rings) == [code]


def test_the_code_may_be_the_id_or_another_property() -> None:
    by_id = feature(None, id="150424", properties=None)
    by_name = feature(None, properties={"区划代码": "150403"})
    assert set(read_outlines(collection(by_id, by_name)).rings) == {"150424", "150403"}


def test_what_has_no_code_or_no_area_is_left_out() -> None:
    line = feature(150403, SQUARE, "LineString")
    assert list(read_outlines(collection(feature("赤峰"), line, None, 7, feature())).rings) == ["150424"]


def test_a_hole_turns_against_its_outline_so_that_it_is_not_filled() -> None:
    outer, hole = read_outlines(collection(feature(coordinates=[SQUARE[::-1], HOLE]))).rings["150424"]
    assert outlines._area(outer) == pytest.approx(1)
    assert outlines._area(hole) == pytest.approx(-0.04)


def test_parts_of_one_region_are_one_path_with_gaps() -> None:
    far = [[x + 5, y] for x, y in SQUARE]
    held = read_outlines(collection(feature(coordinates=[[SQUARE], [far]], kind="MultiPolygon")))
    x, y = held.path("150424")
    assert np.flatnonzero(np.isnan(x)).tolist() == np.flatnonzero(np.isnan(y)).tolist() == [5]
    assert held.centre("150424").tolist() == pytest.approx([116.5, 42.5])


def test_a_degree_of_longitude_is_as_short_as_it_is_up_there() -> None:
    shown = read_outlines(collection(feature())).among(["150424", "150403"])
    assert list(shown.rings) == ["150424"]
    x, y = shown.path("150424")
    assert np.ptp(x) / np.ptp(y) == pytest.approx(math.cos(math.radians(42.5)), rel=0.01)


def test_points_finer_than_the_screen_are_not_drawn_and_neighbours_still_meet() -> None:
    border = [[117, 42 + n / 10_000] for n in range(10_001)]
    west = feature(150424, [[[116, 42], *border, [116, 43], [116, 42]]])
    east = feature(150403, [[*border, [118, 43], [118, 42], [117, 42]]])
    shown = read_outlines(collection(west, east)).among(["150424", "150403"])
    one, other = ({(x, y) for x, y in shown.rings[unit][0]} for unit in ("150424", "150403"))
    assert sum(len(ring) for (ring,) in shown.rings.values()) < 2 * outlines.GRID
    middle = {point for point in one if point[0] == max(x for x, _ in one)}
    assert len(middle) > 100
    assert middle <= other


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "编码"),
        (b"<html>", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "要素集合"),
        (b'{"type": "FeatureCollection", "features": {}}', "要素集合"),
        (b'{"type": "Topology", "objects": {}}', "要素集合"),
        (collection(), "6 位区划代码"),
        (collection(feature("赤峰市")), "6 位区划代码"),
        (collection(feature(coordinates=[[["a", "b"]] * 5])), "150424"),
        (collection(feature(coordinates=[[1, 2, 3, 4]])), "150424"),
        (collection(feature(coordinates=[[[12_950_000, 5_160_000]] * 5])), "经纬度"),
        (collection(feature(coordinates=[[[math.nan, 42]] * 5])), "经纬度"),
        (collection(feature(coordinates=[[[1e400, 42]] * 5])), "经纬度"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, says: str) -> None:
    with pytest.raises(BadOutlines, match=says):
        read_outlines(content)


@pytest.mark.parametrize("coordinates", [None, 7, "x", {}, [None], [[]], [[[]]], [[[116, 42]]], [7]])
def test_no_shape_of_coordinates_breaks_the_page(coordinates: object) -> None:
    with pytest.raises(BadOutlines):
        read_outlines(collection(feature(coordinates=coordinates)))
    with pytest.raises(BadOutlines):
        read_outlines(collection(feature(coordinates=coordinates, kind="MultiPolygon")))


def test_too_much_is_refused_before_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MAX_POINTS", 9)
    assert read_outlines(collection(feature()))
    with pytest.raises(BadOutlines, match="9"):
        read_outlines(collection(feature(), feature(150403)))
    monkeypatch.setattr(outlines, "MAX_FEATURES", 1)
    with pytest.raises(BadOutlines, match="2"):
        read_outlines(collection(feature(), feature(150403)))


def test_the_file_is_where_the_administrator_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "PLACE", tmp_path / "map.geojson")
    monkeypatch.delenv("HUIZONG_MAP", raising=False)
    assert outlines.outlines() is None
    monkeypatch.setenv("HUIZONG_MAP", str(tmp_path / "other.geojson"))
    with pytest.raises(BadOutlines, match="other"):
        outlines.outlines()
    (tmp_path / "other.geojson").write_bytes(collection(feature()))
    assert set(outlines.outlines().rings) == {"150424"}
    (tmp_path / "other.geojson").write_bytes(collection(feature(150403)))
    (tmp_path / "other.geojson").touch()
    assert set(outlines.outlines().rings) == {"150403"}, "a new file is taken without a restart"


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlines, "MAX_BYTES", 2**20)
    monkeypatch.setenv("HUIZONG_MAP", str(tmp_path / "map.geojson"))
    (tmp_path / "map.geojson").write_bytes(b" " * (3 * 2**20))
    with pytest.raises(BadOutlines, match="3 MB"):
        outlines.outlines()
