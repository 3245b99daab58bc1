"""moto's S3 in a process of its own: `python -m tests.auth.stores.s3_server`. Prints its port.

moto checks If-Match and If-None-Match before it writes, but without a lock around both, so with its own threads two
writers can both win. Here it answers one request after the other, which makes the two one step, as they are at Amazon.
"""

from __future__ import annotations

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()
