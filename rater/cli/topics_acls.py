"""`rater topics acls`: the access rules of a broker, one set for each role."""

from collections.abc import Iterable

import click

from topics import access_formats
from topics.access import rules
from topics.roles import ROLES, Role

ROLE_OF = {role.principal: role for role in ROLES}


def _chosen(
    _ctx: click.Context, _param: click.Parameter, names: tuple[str, ...]
) -> tuple[Role, ...]:
    return tuple(role for role in ROLES if not names or role.principal in names)


def _principals(
    _ctx: click.Context, _param: click.Parameter, given: Iterable[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        role, _, principal = each.partition("=")
        kind, colon, name = principal.partition(":")
        if role not in ROLE_OF:
            raise click.BadParameter(f"{role!r} is no role; there are {', '.join(ROLE_OF)}")
        if not (kind.isalnum() and colon and name) or not principal.isprintable():
            raise click.BadParameter(f"{each!r}: must be ROLE=User:NAME")
        if role in found:
            raise click.BadParameter(f"{role} is named twice")
        found[role] = principal
    return found


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(("kafka-acls", "strimzi", "json")),
    default="kafka-acls",
    show_default=True,
    help="Commands for a shell, KafkaUser resources, or a list for programs.",
)
@click.option(
    "--role",
    "chosen",
    type=click.Choice(tuple(ROLE_OF)),
    multiple=True,
    callback=_chosen,
    help="Of this role alone; may be given several times. Default: all.",
)
@click.option(
    "--principal",
    "principals",
    metavar="ROLE=User:NAME",
    multiple=True,
    callback=_principals,
    help="Who plays a role; may be given for several. Default: User: and the role's name.",
)
@click.option(
    "--cluster",
    default="kafka",
    show_default=True,
    metavar="NAME",
    help="The Kafka of Strimzi that the users belong to.",
)
def acls(form: str, chosen: tuple[Role, ...], principals: dict[str, str], cluster: str) -> None:
    """Print the access rules that the roles need, each exactly; needs no broker.

    They are derived from the catalog: who writes and who reads which topic, with which group and transactional ids.
    kafka-acls.sh reads the broker's address from BROKER and the administrator's login from the file ADMIN.
    """
    found = rules(chosen, principals)
    if form == "json":
        text = access_formats.as_json(found)
    elif form == "strimzi":
        try:
            text = access_formats.as_strimzi(found, cluster)
        except access_formats.PrincipalError as error:
            raise click.ClickException(str(error)) from error
    else:
        text = access_formats.as_kafka_acls(found)
    click.echo(text, nl=False)
