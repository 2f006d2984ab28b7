"""The built-in world: generated word problems, the two tutors that explain them, the primer that students learn from.

Everything here is written for Gradus and synthetic; it exists so that every stage can run for real on any machine.
"""
