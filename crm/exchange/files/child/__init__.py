"""The process that reads an uploaded table; see `crm/exchange/files/read.py` for its other end.

Whatever a hostile file does, it does here: the process gives up memory, time and the right to
write before it looks at the first byte, and it knows neither Django nor the database.

    python -m crm.exchange.files.child PATH KIND LIMITS

KIND is xlsx, xls or csv, LIMITS a JSON object (`read.Limits`). It prints lines of UTF-8:

    {"sheet": "Sheet1", "row": 1, "header": ["Name", "Phone"]}
    2<TAB>["Hua Xin", 13800000000]
    {"rows": 1}

or, at any point, `{"refused": "…"}` with a code that the other end turns into a sentence.
"""
