"""Tokens and sessions in memory."""

from circles.domain.errors import NotFound, Unavailable


class FakeTokens:
    """Stores tokens and sessions. is_away raises Unavailable."""

    def __init__(self, usage=None):
        self.tokens, self.sessions, self.is_away = {}, {}, False
        self.usage = {} if usage is None else usage

    def find(self, token_id):
        return self._read().get(token_id)

    def find_session(self, session_id):
        self._read()
        session = self.sessions.get(session_id)
        return session and session._replace(token=self.tokens[session.token.token_id])

    def add(self, token):
        self._read()[token.token_id] = token

    def all(self):
        return sorted(self._read().values(), key=lambda each: each.created_at, reverse=True)

    def revoke(self, token_id, *, now):
        if token_id not in self._read():
            raise NotFound("There is no such token.")
        token = self.tokens[token_id]
        self.tokens[token_id] = token._replace(revoked_at=token.revoked_at or now)
        self.sessions = {
            session_id: session
            for session_id, session in self.sessions.items()
            if session.token.token_id != token_id
        }

    def mark_used(self, token_id, *, now):
        if token_id in self._read():
            self.tokens[token_id] = self.tokens[token_id]._replace(used_at=now)

    def count_use(self, quota):
        self._read()
        return self.usage.get((quota.principal, quota.kind, quota.minute), 0)

    def begin_session(self, session, *, now):
        self._read()
        kept = {key: each for key, each in self.sessions.items() if each.expires_at >= now}
        self.sessions = {**kept, session.session_id: session}

    def end_session(self, session_id):
        self._read()
        self.sessions.pop(session_id, None)

    def close(self):
        pass

    def _read(self):
        if self.is_away:
            raise Unavailable("The catalogue is away.")
        return self.tokens
