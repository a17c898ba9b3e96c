"""Amounts keep every digit."""

import unittest
from decimal import Decimal

from transload.values import decimal_of, dumps, loads, units_of


class Amounts(unittest.TestCase):
    def test_units_and_exponent_are_the_decimal_and_back(self) -> None:
        for text, units, exponent in [
            ("150.10", 15010, 2),
            ("-0.05", -5, 2),
            ("0", 0, 0),
            ("9223372036854775807", 2**63 - 1, 0),
            ("9.223372036854775807", 2**63 - 1, 18),
        ]:
            self.assertEqual(units_of(Decimal(text)), (units, exponent))
            self.assertEqual(str(decimal_of(units, exponent)), text)

    def test_an_integer_a_text_and_an_exponent_above_zero_are_decimals_too(self) -> None:
        self.assertEqual(units_of(7), (7, 0))
        self.assertEqual(units_of("0.10"), (10, 2))
        self.assertEqual(units_of(Decimal("1E+2")), (100, 0))

    def test_what_the_contract_cannot_hold_is_refused(self) -> None:
        # One more than the largest s64, and one decimal place more than 18.
        for value in [Decimal(2**63), Decimal("1e-19"), Decimal("1e19"), Decimal("NaN"), "twelve"]:
            with self.assertRaises((ValueError, ArithmeticError), msg=value):
                units_of(value)
        for value in [150.1, True, None]:
            with self.assertRaises(TypeError, msg=value):
                units_of(value)

    def test_json_keeps_what_a_float_would_round(self) -> None:
        text = '{"amount":12345678901234567.89,"zeros":150.10,"name":"a\\"b","list":[1,null,true]}'
        value = loads(text)
        self.assertEqual(value.amount, Decimal("12345678901234567.89"))
        self.assertEqual(dumps(value), text)
        with self.assertRaises(TypeError):
            dumps({"amount": 0.1})
