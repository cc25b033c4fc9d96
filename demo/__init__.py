"""The demo: sandbox, gateway and worker on this machine, and the main job walked once in plain words."""
