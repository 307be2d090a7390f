"""How gunicorn's gevent worker serves the app; `flask run` knows nothing of it."""
