"""An extract for other programs: a Frictionless Data Package (datapackage.org, v1) and SDMX-CSV 2.0 with its structure.

Both are ZIPs with the same bytes for the same extract. They are written by hand, as they are little more than CSV and
JSON; the tests read them with the tools of the standards.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import pandas as pd

from huizong.excel import SteadyZip, csv_of
from huizong.extracts import Extract, figures_table, notes_on
from huizong.forms import Indicator
from huizong.periods import Period
from huizong.texts import _, language

# Field → (type, what it holds) of each table, in its order.
Fields = Mapping[str, tuple[str, str]]
FIGURES: Fields = {
    "indicator": ("string", "code of the indicator, see definitions"),
    "unit": ("string", "code of the unit, see units"),
    "name": ("string", "its name"),
    "period": ("string", "2018, 2018-H1, 2018-Q3, 2018-11"),
    "value": ("number", "the figure, in its measure; a share in percent; empty: no figure, and never zero"),
    "measure": ("string", "what the value is counted in"),
    "numerator": ("number", "sum of the numerators over the returns"),
    "denominator": ("number", "sum of the denominators; a ratio is numerator / denominator, never a mean of ratios"),
    "n_reporting": ("integer", "units whose returns are in force"),
    "n_expected": ("integer", "units that owe them"),
    "n_nil": ("integer", "units that reported nothing but nil returns"),
    "missing": ("string", "codes of those of which one has not come"),
    "below_threshold": ("boolean", "too few have reported for the figure to be relied on"),
    "n_carried": ("integer", "units whose last return stands in for one that has not come"),
    "n_incomplete": ("integer", "rows left out because a value is missing"),
    "n_sample": ("integer", "demonstration returns among those it is made of"),
    "target": ("number", "what it was to reach, in the same measure"),
    "address": ("string", "the page that traces it to its cells"),
}
DEFINITIONS: Fields = {
    "indicator": ("string", "code"),
    "form": ("string", "the return it is made from"),
    "label_zh": ("string", "name in Chinese"),
    "label_en": ("string", "name in English"),
    "measure_zh": ("string", "what it is counted in, in Chinese"),
    "measure_en": ("string", "what it is counted in, in English"),
    "definition_zh": ("string", "how it is made, in Chinese"),
    "definition_en": ("string", "how it is made, in English"),
    "aggregate": ("string", "ratio, sum or median"),
    "better": ("string", "higher, lower or neither"),
    "decimals": ("integer", "as printed"),
}
UNITS: Fields = {
    "unit": ("string", "code"),
    "name": ("string", "name"),
    "level": ("string", "country, province, prefecture, county, township, department"),
    "parent": ("string", "code of the unit above, where it is in this table"),
}
RESPONSE: Fields = {
    "form": ("string", "the return that is owed"),
    "unit": ("string", "code of the unit that owes it"),
    "period": ("string", "of the return"),
    "status": ("string", "accepted: in force; empty: not reported"),
    "revision": ("integer", "which arrival it is"),
    "received_at": ("datetime", "when it was received, local time"),
    "workbook": ("string", "name of the file"),
    "sha256": ("string", "of its bytes"),
}
CELLS: Fields = {
    "indicator": ("string", "code of the indicator whose figure of the whole unit it is a term of"),
    "side": ("string", "numerator or denominator"),
    "source": ("string", "return, nil, register or target; only of the first is there a sheet and cell"),
    "reporter": ("string", "code of the unit whose return or target it is"),
    "unit": ("string", "code of the unit of the row, where it is known"),
    "label": ("string", "what names the row"),
    "item": ("string", "code of the item"),
    "value": ("string", "what the cell says"),
    "adds": ("number", "what the row adds to the side"),
    "period": ("string", "of the return"),
    "workbook": ("string", "name of the file"),
    "sheet": ("string", "name of the sheet"),
    "cell": ("string", "address of the cell"),
}
CHOICES = {
    "aggregate": ["ratio", "sum", "median"],
    "better": ["higher", "lower", "neither"],
    "side": ["numerator", "denominator"],
}
BOUNDS = {"n_reporting": {"minimum": 0}, "n_expected": {"minimum": 0}, "revision": {"minimum": 1}}


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = BytesIO()
    with SteadyZip(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def as_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


# ---- Frictionless Data Package ---------------------------------------------------------------------------------------


def data_package(extract: Extract) -> bytes:
    """datapackage.json with the tables figures, definitions, units, response and, where they were taken, cells."""
    resources = [
        table("figures", FIGURES, figures_table(extract), ["indicator", "unit", "period"],
              {"indicator": ("definitions", "indicator"), "unit": ("units", "unit")}),
        table("definitions", DEFINITIONS, definitions_table(extract), ["indicator"]),
        table("units", UNITS, extract.units, ["unit"], {"parent": ("", "unit")}),
        table("response", RESPONSE, response_table(extract), ["form", "unit", "period"], {"unit": ("units", "unit")}),
    ]  # fmt: skip
    if not extract.terms.empty:
        cells = extract.terms.rename(columns={"file": "workbook"})
        cells["value"] = cells["value"].map(lambda value: "" if value is None else str(value))
        resources.append(table("cells", CELLS, cells, [], {"indicator": ("definitions", "indicator")}))
    descriptor = {
        "profile": "tabular-data-package",
        "name": f"huizong-{extract.unit.code}-{extract.period.code}".lower(),
        "title": extract.title,
        "description": "\n".join([extract.basis, *notes_on(extract, extract.themes)]),
        "version": extract.version,
        "release": extract.release and extract.release.name,
        "created": moment(extract.taken_at),
        "licenses": [
            {"name": "other-closed", "title": _("For official use; to be published by the issuing office only")}
        ],
        "sources": [{"title": f"{theme.form.title.get(language())}，{extract.when}"} for theme in extract.themes],
        "resources": [resource for resource, _data in resources],
    }
    files = {"datapackage.json": as_json(descriptor)}
    return zipped(files | {resource["path"]: data for resource, data in resources})


def table(
    name: str, fields: Fields, frame: pd.DataFrame, key: Sequence[str], references: Mapping[str, tuple[str, str]] = {}
) -> tuple[dict[str, Any], bytes]:
    """(its descriptor, its CSV). references: field → (table, field) of the rows it names."""
    declared = []
    for field, (kind, description) in fields.items():
        limits = BOUNDS.get(field, {}) | ({"enum": CHOICES[field]} if field in CHOICES else {})
        limits |= {"required": True} if field in key else {}
        declared.append(
            {"name": field, "type": kind, "description": description} | ({"constraints": limits} if limits else {})
        )
    schema: dict[str, Any] = {"fields": declared, "missingValues": [""]}
    if key:
        schema["primaryKey"] = list(key)
    if references:
        schema["foreignKeys"] = [
            {"fields": [field], "reference": {"resource": other, "fields": [column]}}
            for field, (other, column) in references.items()
        ]
    descriptor = {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }
    booleans = [field for field, (kind, _text) in fields.items() if kind == "boolean"]
    integers = [field for field, (kind, _text) in fields.items() if kind == "integer"]
    shown = frame[list(fields)].astype(dict.fromkeys(integers, "Int64"))
    shown = shown.assign(**{field: shown[field].map({True: "true", False: "false"}) for field in booleans})
    return descriptor, csv_of(shown, mark=False)


def definitions_table(extract: Extract) -> pd.DataFrame:
    """One row per indicator."""
    return pd.DataFrame(
        [
            {
                "indicator": one.code,
                "form": theme.form.code,
                "label_zh": one.label.zh,
                "label_en": one.label.en,
                "measure_zh": one.unit.zh if one.unit else "%",
                "measure_en": one.unit.en if one.unit else "%",
                "definition_zh": one.definition.zh,
                "definition_en": one.definition.en,
                "aggregate": "median" if one.aggregate == "median" else "ratio" if one.denominator else "sum",
                "better": one.better,
                "decimals": one.decimals,
            }
            for theme, one in extract.indicators.values()
        ]
    )


def response_table(extract: Extract) -> pd.DataFrame:
    """One row per return that is owed."""
    frames = [theme.returns.assign(form=theme.form.code) for theme in extract.themes]
    rows = pd.concat(frames, ignore_index=True).rename(
        columns={"source": "period", "filename": "workbook", "original": "sha256"}
    )
    received = pd.to_datetime(rows["received_at"]).dt.strftime("%Y-%m-%dT%H:%M:%S")
    return rows.assign(received_at=received)


def moment(when: datetime) -> str:
    """A moment of the record (UTC) as JSON has it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


# ---- SDMX ------------------------------------------------------------------------------------------------------------


AGENCY, FLOW, VERSION = "HUIZONG", "DF_FIGURES", "1.0.0"
FREQUENCIES = {"year": "A", "half_year": "S", "quarter": "Q", "month": "M"}
FREQUENCY_NAMES = {"A": "Annual", "S": "Half-yearly", "Q": "Quarterly", "M": "Monthly"}
STATUSES = {
    "A": "Normal value",
    "O": "Missing value",
    "P": "Provisional value: not all who owe returns have reported",
    "U": "Low reliability: too few have reported",
    "I": "Imputed: a last return stands in for one that has not come",
}
PARTIAL = ("CL_INDICATOR", "CL_AREA", "CL_UNIT_MEASURE")  # codelists that name only what occurs
DIMENSIONS = ("FREQ", "INDICATOR", "REF_AREA")
CONCEPTS = {
    "FREQ": "Frequency",
    "INDICATOR": "Indicator",
    "REF_AREA": "Reference area",
    "TIME_PERIOD": "Time period",
    "OBS_VALUE": "Observation value",
    "UNIT_MEASURE": "Unit of measure",
    "OBS_STATUS": "Observation status",
    "NUMERATOR": "Sum of the numerators",
    "DENOMINATOR": "Sum of the denominators",
    "N_REPORTING": "Units that have reported",
    "N_EXPECTED": "Units that owe returns",
}


def sdmx(extract: Extract) -> bytes:
    """data.csv (SDMX-CSV 2.0) and structure.json (SDMX-JSON 2.0) of its dataflow."""
    return zipped({"data.csv": csv_of(sdmx_table(extract), mark=False), "structure.json": as_json(structure(extract))})


def sdmx_table(extract: Extract) -> pd.DataFrame:
    """One row per observation; the columns of SDMX-CSV."""
    rows = figures_table(extract)
    periods = {code: Period.of(code) for code in rows["period"].unique()}
    measures = {code: measure_code(one) for code, (_theme, one) in extract.indicators.items()}
    return pd.DataFrame(
        {
            "STRUCTURE": "dataflow",
            "STRUCTURE_ID": f"{AGENCY}:{FLOW}({VERSION})",
            "ACTION": "I",
            "FREQ": rows["period"].map({code: FREQUENCIES[period.frequency] for code, period in periods.items()}),
            "INDICATOR": rows["indicator"],
            "REF_AREA": rows["unit"],
            "TIME_PERIOD": rows["period"].map({code: time_period(period) for code, period in periods.items()}),
            "OBS_VALUE": rows["value"],
            "UNIT_MEASURE": rows["indicator"].map(measures),
            "OBS_STATUS": [obs_status(row) for row in rows.to_dict("records")],
            "NUMERATOR": rows["numerator"],
            "DENOMINATOR": rows["denominator"],
            "N_REPORTING": rows["n_reporting"],
            "N_EXPECTED": rows["n_expected"],
        }
    )


def time_period(period: Period) -> str:
    """2018, 2018-S1, 2018-Q3, 2018-07: a half-year is a semester there."""
    return period.code.replace("-H", "-S")


def obs_status(row: Mapping[str, Any]) -> str:
    """A code of STATUSES."""
    if pd.isna(row["value"]):
        return "O"
    if row["below_threshold"]:
        return "U"
    if row["n_carried"]:
        return "I"
    return "P" if row["n_reporting"] < row["n_expected"] else "A"


def measure_code(indicator: Indicator) -> str:
    """PT for a share, as everywhere in SDMX; else made of the English words: 10K_YUAN_PER_PAIRING."""
    return "PT" if indicator.unit is None else re.sub(r"[^A-Z0-9]+", "_", indicator.unit.en.upper()).strip("_")


def urn(package: str, kind: str, item: str) -> str:
    return f"urn:sdmx:org.sdmx.infomodel.{package}.{kind}={AGENCY}:{item}"


def structure(extract: Extract) -> dict[str, Any]:
    """The SDMX-JSON structure message: codelists, concepts, data structure and dataflow."""
    indicators = [one for _theme, one in extract.indicators.values()]
    measures = {measure_code(one): ("百分比", "Percent") if one.unit is None else (one.unit.zh, one.unit.en)
                for one in indicators}  # fmt: skip
    codelists = {
        "CL_FREQ": [item(code, name) for code, name in FREQUENCY_NAMES.items()],
        "CL_INDICATOR": [item(one.code, one.label.en, one.label.zh, one.definition) for one in indicators],
        "CL_AREA": [
            item(unit.unit, unit.name, unit.name) | ({"parent": unit.parent} if isinstance(unit.parent, str) else {})
            for unit in extract.units.itertuples()
        ],
        "CL_UNIT_MEASURE": [item(code, english, chinese) for code, (chinese, english) in measures.items()],
        "CL_OBS_STATUS": [item(code, name) for code, name in STATUSES.items()],
    }
    lists = {"FREQ": "CL_FREQ", "INDICATOR": "CL_INDICATOR", "REF_AREA": "CL_AREA", "UNIT_MEASURE": "CL_UNIT_MEASURE",
             "OBS_STATUS": "CL_OBS_STATUS"}  # fmt: skip
    kinds = {"OBS_VALUE": "Double", "NUMERATOR": "Double", "DENOMINATOR": "Double", "N_REPORTING": "Integer",
             "N_EXPECTED": "Integer", "TIME_PERIOD": "ObservationalTimePeriod"}  # fmt: skip

    def component(concept: str, **more: Any) -> dict[str, Any]:
        if concept in lists:
            shown = {"enumeration": urn("codelist", "Codelist", f"{lists[concept]}({VERSION})")}
        else:
            shown = {"format": {"dataType": kinds[concept]}}
        return {
            "id": concept,
            "conceptIdentity": urn("conceptscheme", "Concept", f"CS_FIGURES({VERSION}).{concept}"),
            "localRepresentation": shown,
        } | more

    def attribute(concept: str, *, mandatory: bool = False) -> dict[str, Any]:
        usage = "mandatory" if mandatory else "optional"
        return component(concept, usage=usage, attributeRelationship={"observation": {}})

    return {
        "meta": {
            "schema": "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/v2.0.0/structure-message/tools/schemas/"
            "2.0.0/sdmx-json-structure-schema.json",
            "id": f"{AGENCY}-{extract.unit.code}-{extract.period.code}",
            "prepared": moment(extract.taken_at),
            "test": False,
            "sender": {"id": AGENCY},
            "contentLanguages": ["en", "zh"],
        },
        "data": {
            "codelists": [
                maintained(name, name) | {"codes": codes, "isPartial": name in PARTIAL}
                for name, codes in codelists.items()
            ],
            "conceptSchemes": [
                maintained("CS_FIGURES", "Concepts") | {"concepts": [item(*pair) for pair in CONCEPTS.items()]}
            ],
            "dataStructures": [
                maintained("DSD_FIGURES", "Figures")
                | {
                    "dataStructureComponents": {
                        "dimensionList": {
                            "id": "DimensionDescriptor",
                            "dimensions": [component(name, position=n) for n, name in enumerate(DIMENSIONS)],
                            "timeDimension": component("TIME_PERIOD"),
                        },
                        "measureList": {
                            "id": "MeasureDescriptor",
                            "measures": [component("OBS_VALUE", usage="optional")],
                        },
                        "attributeList": {
                            "id": "AttributeDescriptor",
                            "attributes": [
                                attribute("UNIT_MEASURE", mandatory=True),
                                attribute("OBS_STATUS", mandatory=True),
                                *map(attribute, ("NUMERATOR", "DENOMINATOR", "N_REPORTING", "N_EXPECTED")),
                            ],
                        },
                    }
                }
            ],
            "dataflows": [
                maintained(FLOW, "Figures")
                | {"structure": urn("datastructure", "DataStructure", f"DSD_FIGURES({VERSION})")}
            ],
        },
    }


def item(code: str, english: str, chinese: str | None = None, described: Any = None) -> dict[str, Any]:
    """A code or concept with its names."""
    made: dict[str, Any] = {"id": code, "name": english, "names": {"en": english}}
    if chinese:
        made["names"]["zh"] = chinese
    if described:
        made |= {"description": described.en, "descriptions": {"en": described.en, "zh": described.zh}}
    return made


def maintained(name: str, english: str) -> dict[str, Any]:
    return {"id": name, "agencyID": AGENCY, "version": VERSION, "name": english, "names": {"en": english}}
