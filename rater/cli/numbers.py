"""Numbers: option values that are numbers, read as strictly as those of records (`topics.numerals`)."""

import click

from topics import numerals


class WholeNumber(click.IntRange):
    """A whole number within bounds, both allowed."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return it; click's own would take `1_0`, blanks and digits of other scripts."""
        if isinstance(value, str):
            try:
                value = numerals.whole_number(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return super().convert(value, param, ctx)


class Number(click.FloatRange):
    """A number within bounds, both allowed."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return it; click's own would take `nan`, too, which no bound refuses."""
        if isinstance(value, str):
            try:
                value = numerals.decimal_number(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return super().convert(value, param, ctx)
