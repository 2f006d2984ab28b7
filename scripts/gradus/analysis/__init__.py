"""Analysis: from scores to statistics, tested claims and recommendations."""
