"""What a model folder says about generation: its language head, and the rules of ``generation_config.json``."""
