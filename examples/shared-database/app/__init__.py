"""Notes, in the database that Postern keeps its users in, each with a foreign key to the user whose it is.

    models.py    the application's table, and what it needs to know of Postern's
    database.py  the connection
    main.py      two routes
    __main__.py  applies the migrations and serves

The part to copy is models.py and ../migrations/env.py.
"""
