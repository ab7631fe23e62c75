"""What a long text needs: its rows some at a time, in several threads."""
