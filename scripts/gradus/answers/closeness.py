"""Closeness: what math-verify takes for equal because it is small (``1/2004!`` and ``1/2006!``) is told apart exactly.

math-verify compares fifteen decimal places of a difference, so that any two numbers below them are the same.
"""

from __future__ import annotations

from typing import Any

ROUNDED = 5e-6  # of the larger value, where one of the two is a decimal number: six digits of 1/3
EXACT = 1e-25


def told_apart(gold: Any, given: Any) -> bool:
    """Whether two sympy expressions that passed for equal are surely not: far from each other, measured by their own size."""
    from sympy import Expr, Float, Integer

    if not (isinstance(gold, Expr) and isinstance(given, Expr)) or gold == given:
        return False
    try:
        symbols = sorted(gold.free_symbols | given.free_symbols, key=str)
        primes = {symbol: Integer(prime) for symbol, prime in zip(symbols, (2, 3, 5, 7, 11), strict=False)}
        left, right = (one.doit().subs(primes) if primes else one.doit() for one in (gold, given))
        if left.is_Rational and right.is_Rational:
            return bool(left != right) and not _percent(left, right)
        decimal = left.has(Float) or right.has(Float)
        sizes = [abs(one.evalf(40)) for one in (left, right)]
        if not all(one.is_number and one.is_finite for one in sizes) or max(sizes) == 0:
            return False
        return bool(abs((left - right).evalf(40)) / max(sizes) > (ROUNDED if decimal else EXACT)) and not _percent(
            left, right
        )
    except (TypeError, ValueError, AttributeError, ArithmeticError):
        return False


def _percent(left: Any, right: Any) -> bool:
    """Whether one is the other in percent, which math-verify takes for the same on purpose."""
    return any(
        bool(abs(one * 100 - other).evalf(20) <= 1e-9 * abs(other)) for one, other in ((left, right), (right, left))
    )
