"""Teachers: whoever writes rationales. One small class each, behind the protocols in ``teachers.protocols``."""
