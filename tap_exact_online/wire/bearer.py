"""The authenticator: an access token on a request, and nothing else."""

from __future__ import annotations

import requests
from requests.auth import AuthBase
from typing_extensions import override


class Bearer(AuthBase):
    """Puts an access token on one request.

    Given as `auth`, so that requests does not look for a password in a .netrc file and replace the header.
    """

    def __init__(self, access_token: str) -> None:
        """Hold the token for one request."""
        self._access_token = access_token

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request
