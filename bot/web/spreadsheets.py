"""Export tables as CSV, as an XLSX workbook with one sheet, or as Parquet."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import util

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET_TYPE = "application/vnd.apache.parquet"
# First characters of a cell that spreadsheet programs may interpret as a formula. In Chinese, Excel
# also accepts the full-width forms.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# The workbook's creation time is constant. So equal rows give equal files, and a file does not
# reveal when it was downloaded.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def to_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as CSV with a byte order mark, by which Excel recognizes UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows([_safe(each) for each in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def to_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as an XLSX workbook of one sheet; a cell of decimal digits becomes a number."""
    # Imported here, so that a server that exports nothing does not load xlsxwriter.
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet()
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                if text.isdecimal() and text.isascii():
                    sheet.write_number(row, column, int(text))
                else:
                    sheet.write_string(row, column, text)
    return out.getvalue()


def has_parquet() -> bool:
    """Return True if pyarrow is installed; the project's optional extra `parquet` installs it."""
    return util.find_spec("pyarrow") is not None


def to_parquet(columns: Mapping[str, Sequence[str] | Sequence[int | None]]) -> bytes:
    """Return columns as a Parquet file; None becomes null, and integers have 64 bits.

    Raises ImportError if pyarrow is not installed. Equal columns give equal files.
    """
    # Imported here, because pyarrow takes about 40 MB of memory and most processes export nothing.
    import pyarrow
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(columns)), out)
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
