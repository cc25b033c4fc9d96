"""Submitted Sales orders on their way into Business Central: pick up, translate, create, release, acknowledge.

``run`` is the door. The steps are one module each, in that order; ``translate`` and ``lines`` are pure.
"""
