"""Teachers: whoever writes rationales. One small class each behind ``providers.Provider``."""
