"""The console script: signals are heeded before anything else is loaded."""

from attnviz.cli.process.early import await_ctrl_c


def start() -> None:
    """Runs the command line of this process."""
    await_ctrl_c()
    from attnviz.cli.process.signals import end_by_signal, heed_signals

    try:
        heed_signals()
        from attnviz.cli.main import entry

        entry()
    except KeyboardInterrupt:
        end_by_signal()
