"""The options of ``html``, where its pages go, and the terminal's command that a page names."""
