"""How a command is told its company: `recs run acme`, the company first. `-c acme` or `--company acme`, anywhere in the
line, says the same. What a company is called, and whether there is one of that name, is not known here.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand
from typer.main import get_command

CompanyArgument = Annotated[str, typer.Argument(metavar="COMPANY", help="A company's name: see `recs companies list`.")]
AnyCompanyArgument = Annotated[str | None, typer.Argument(metavar="COMPANY", help="A company. Default: all of them.")]
CompaniesArgument = Annotated[list[str], typer.Argument(metavar="COMPANY", help="One company, or several.")]


class CompanyCommand(TyperCommand):
    """A command whose first argument is the company, or companies, that it is about."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._arguments = [param for param in self.params if param.param_type_name == "argument"]
        self._option = _company_option()
        self.params.append(self._option)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = self._read(ctx, args, self._option)
        if named:
            if not self._read(ctx, args, self._arguments[-1]):  # then the company is not among the arguments
                args = [*named, *args]
            first = self._read(ctx, args, self._arguments[0])
            if set(first) != set(named):
                twice = " and as ".join(dict.fromkeys([*first, *named]))
                ctx.fail(f"The company is named twice, as {twice}; name it once.")
        return super().parse_args(ctx, args)

    def _read(self, ctx: Any, args: list[str], param: Any) -> list[str]:
        """What a line says of one argument or option, as it is written."""
        values, _, _ = self.make_parser(ctx).parse_args(list(args))
        value = values.get(param.name)
        if isinstance(value, str):
            return [value]
        return [str(one) for one in value] if isinstance(value, (list, tuple)) else []


@cache
def _company_option() -> Any:
    """The same for all commands."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def named(
        also: Annotated[list[str] | None, typer.Option("--company", "-c", hidden=True, expose_value=False)] = None,
    ) -> None: ...

    (option,) = (param for param in get_command(app).params if param.name == "also")
    return option
