"""A task list behind Postern.

Postern signs users in and tells this application who is calling. The package
postern-fastapi makes a CurrentUser of that, for routes that want to know. What
is left for the application:

    tasks.py     the task API: every query is limited to the caller's own rows
    identity.py  what Postern told us, for people to look at
    live.py      a WebSocket and a server-sent event stream
    models.py    the one table
    database.py  the connection: PostgreSQL, or SQLite when DATABASE_URL is not set
    errors.py    the answer to input that does not fit
    migrate.py   Alembic from inside the program
    main.py      puts these together
    __main__.py  applies the migrations and serves
"""
