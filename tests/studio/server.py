"""A small OpenID Connect server: discovery, authorization, token, user info and keys, as the specification has them.

It lets everybody in as `claims` says, checks what a real one checks (client, redirect address, PKCE, one use of a
code), and can be told to misbehave in one way at a time.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Server:
    """Started on a free port by the fixture; `claims` and `wrong` are changed by the tests."""

    keys = (_key(), _key())

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "u-1", "email": "noor@example.org", "email_verified": True}
        self.wrong = ""
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.get(self)

            def do_POST(self) -> None:
                outer.post(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def log_in_at(self, address: str) -> str:
        """What a browser does at the authorization address: the address it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked.append(asked)
        if self.wrong == "cancelled":
            return f"{asked['redirect_uri']}?error=access_denied&state={asked['state']}"
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def get(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            names["userinfo_endpoint"] = "userinfo"
            found = {name: f"{self.url}/{path}" for name, path in names.items()}
            return answer(request, 200, {} if self.wrong == "discovery" else {"issuer": self.url, **found})
        if request.path.startswith("/authorize?"):
            request.send_response(302)
            request.send_header("Location", self.log_in_at(request.path))
            return request.end_headers()
        if request.path == "/keys":
            numbers = jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[0].public_key(), as_dict=True)
            return answer(request, 200, {"keys": [{**numbers, "kid": "k1", "alg": "RS256", "use": "sig"}]})
        if request.path == "/userinfo":
            claims = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
            if claims and self.wrong == "subject":
                claims = {**claims, "sub": "somebody else"}
            return answer(request, 200 if claims else 401, claims or {})
        return answer(request, 404, {})

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self._codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or sent.get("client_id") != "studio"
            or sent.get("client_secret") != "hush"
            or sent.get("redirect_uri") != asked["redirect_uri"]
            or challenge != asked.get("code_challenge")
        ):
            return answer(request, 400, {"error": "invalid_grant"})
        token = secrets.token_urlsafe()
        self._tokens[token] = self.claims
        whole = {"access_token": token, "token_type": "Bearer", "expires_in": 60, "id_token": self._id_token(asked)}
        if self.wrong == "no id_token":
            del whole["id_token"]
        return answer(request, 200, whole)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time()) - (7200 if self.wrong == "expired" else 0)
        payload = {
            "iss": "https://other.example" if self.wrong == "issuer" else self.url,
            "aud": "another" if self.wrong == "audience" else "studio",
            "iat": now,
            "exp": now + 300,
            "nonce": "replayed" if self.wrong == "nonce" else asked.get("nonce"),
            **{name: value for name, value in self.claims.items() if name == "sub"},
        }
        key = self.keys[1 if self.wrong == "signature" else 0]
        if self.wrong == "unsigned":
            return jwt.encode(payload, None, algorithm="none", headers={"kid": "k1"})
        return jwt.encode(payload, key, algorithm="RS256", headers={"kid": "?" if self.wrong == "kid" else "k1"})


def answer(request: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)
