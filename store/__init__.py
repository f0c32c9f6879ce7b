"""Where records are kept: SQLite and Postgres through SQLAlchemy."""
