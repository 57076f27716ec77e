"""The Lambda entry points: wiring only. Routes come by blueprint; every queue, schedule and stream handler is here."""

from chalice.app import Chalice

from chalicelib import health
from chalicelib.accounts.routes import routes as accounts_routes

app = Chalice(app_name="billing-portal")
app.api.binary_types = []

for blueprint in (health.routes, accounts_routes):
    app.register_blueprint(blueprint)
