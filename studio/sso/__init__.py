"""Single sign-on by OpenID Connect: allauth's flow, made stricter where the specification allows both.

`provider` says what is asked and believed of the server, `views` are the two doors, `adapter` says whose account it is.
Settings: OIDC_SERVER_URL and its sisters. Nothing of it is there while they are unset.
"""

INVITATION = "invitation"
"""Under this name the session holds the secret of the invitation by which its owner came."""
