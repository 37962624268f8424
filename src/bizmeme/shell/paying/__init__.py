"""Paying vision APIs for answers: reserve, ask or batch, journal, price; under a cap and within limits."""
