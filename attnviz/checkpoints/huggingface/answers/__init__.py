"""What a hub answers: checked before it is believed, and what it refuses as errors."""
