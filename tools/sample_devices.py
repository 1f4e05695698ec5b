#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sample_devices [ROWS [BAD]] - a file of devices to try an application by file with, on standard output: ROWS rows
(100,000), two IMEIs each, of which BAD (7) have one fault each, spread over the file. Always the same rows."""
import sys

HEADER = ("imei1,imei2,imei3,imei4,brand,model,declaration_no,declaration_date,"
          "goods_item,country,invoice_no,invoice_date")
TAC = 35267798


def imei(serial):
    body = f"{TAC + serial // 1_000_000:08d}{serial % 1_000_000:06d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def mistyped(row, _):
    row[0] = row[0][:14] + str((int(row[0][14]) + 1) % 10)


def too_short(row, _):
    row[0] = row[0][:9]


def twice(row, before):
    row[0] = before[0]


def formula(row, _):
    row[5] = "=1+1"


def no_day(row, _):
    row[7] = "2025-13-01"


def country(row, _):
    row[9] = "China"


def too_many(row, _):
    row.append("x")


FAULTS = (mistyped, too_short, twice, formula, no_day, country, too_many)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    bad = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    out = sys.stdout
    out.write(HEADER + "\n")
    step = max(2, rows // (bad + 1)) if bad else rows + 1
    before = None
    made = 0
    for n in range(1, rows + 1):
        row = [imei(2 * n), imei(2 * n + 1), "", "", "Samsung", "Galaxy A15", "55301/010725/0001234", "2025-07-01",
               str(1 + n % 40), "CN", "INV-2025-17", "2025-06-20"]
        good = list(row)
        if n % step == 0 and made < bad:
            FAULTS[made % len(FAULTS)](row, before)
            made += 1
        out.write(",".join(row) + "\n")
        before = good


main()
