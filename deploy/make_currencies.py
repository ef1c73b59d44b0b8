"""Make the currency table from the ISO 4217 list of the `iso4217` package and the magnitudes below.

    python deploy/make_currencies.py        writes rater/data/currencies.csv

Decimals are those of ISO 4217's list one, as the package has it (it names the date that the list was published).
Magnitudes are ours: the power of ten that is nearest to the units that a US dollar buys, by rates of MAGNITUDES_OF.
They are no exchange rates: they say how many digits a sum that stands for "a thousand dollars or so" has. A currency
whose worth moves by a factor of ten wants a new one. Funds codes, index units, metals and test codes have no row.
"""

import csv
from pathlib import Path

from iso4217 import Currency, __published__

FILE = Path(__file__).parent.parent / "rater" / "data" / "currencies.csv"

MAGNITUDES_OF = "2025-11-25"
MAGNITUDES = {
    0: "AUD AWG AZN BAM BBD BHD BMD BND BSD BYN BZD CAD CHF EUR FJD FKP GBP GEL GIP JOD KWD KYD NZD OMR PAB SGD SHP "
    "TND TOP USD WST XCD XCG",
    1: "AED BOB BRL BWP CNY CUP CZK DKK ERN GHS GTQ HKD HNL ILS LSL LYD MAD MDL MOP MVR MXN MYR NAD NOK PEN PGK PLN "
    "QAR RON SAR SBD SCR SEK SLE STN SVC SZL TJS TMT TTD TWD ZAR ZMW ZWG",
    2: "AFN ALL BDT BTN CVE DJF DOP DZD EGP ETB GMD GYD HTG INR ISK JMD JPY KES KGS LKR LRD MKD MRU MUR MZN NIO NPR "
    "PHP PKR RSD RUB SRD THB TRY UAH UYU VED VES VUV XPF",
    3: "AMD AOA ARS BIF CDF CLP CRC HUF IQD KMF KPW KRW KZT MMK MWK NGN RWF SDG SOS TZS XAF XOF YER",
    4: "COP GNF IDR KHR LAK MGA MNT PYG SSP SYP UGX UZS VND",
    5: "LBP",
    6: "IRR",
}


def main() -> None:
    """Write the table."""
    magnitudes = {code: n for n, codes in MAGNITUDES.items() for code in codes.split()}
    decimals = {each.code: each.exponent for each in Currency}
    gone = magnitudes.keys() - decimals.keys()
    if gone:
        raise SystemExit(f"not in ISO 4217 of {__published__}: {', '.join(sorted(gone))}")
    with FILE.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# decimals: ISO 4217 list one, published {__published__} (PyPI: iso4217)\n")
        file.write(f"# magnitudes: by hand, rates of {MAGNITUDES_OF} (deploy/make_currencies.py)\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("currency", "decimals", "magnitude"))
        rows.writerows((code, decimals[code], magnitudes[code]) for code in sorted(magnitudes))
    print(f"{FILE}: {len(magnitudes)} currencies")


if __name__ == "__main__":
    main()
