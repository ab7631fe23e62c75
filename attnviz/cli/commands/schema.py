"""``attnviz schema``: what ``--json`` prints, as JSON Schema."""

from attnviz.cli.command import command, command_app
from attnviz.cli.options import CommonOptions

app = command_app()


@command(app, "schema", examples="attnviz schema > attnviz.schema.json", topic="json")
def schema(common: CommonOptions) -> None:  # noqa: ARG001 (every command understands the common options)
    """Print the JSON Schema (2020-12) of what --json prints."""
    from attnviz.cli.streams import write_bytes
    from attnviz.output.documents.schema import schema_bytes

    write_bytes(schema_bytes())
