"""The gunicorn worker and the start-up of the server; `flask run` uses none of it."""
