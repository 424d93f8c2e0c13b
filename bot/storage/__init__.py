"""SQL (SQLAlchemy) and Redis; nothing else in the program knows either."""
