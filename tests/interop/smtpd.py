#!/usr/bin/python3
"""An SMTP relay for tests, on Debian's python3-aiosmtpd. Listens on 127.0.0.1, prints its port on the first line, and
writes each mail that it takes as one JSON line to --out. Ends when its standard input closes."""

import argparse
import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

MODES = ["accept", "reject", "reject-sender", "greylist", "refuse-auth", "full", "busy", "drop", "drip"]


class Handler:
    def __init__(self, args):
        self.args = args

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.args.mode == "drip":
            await asyncio.sleep(60)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if self.args.mode == "reject-sender":
            return "550 5.7.1 sender address not allowed"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        refused = {
            "reject": f"550 5.1.1 <{address}>: no such mailbox",
            "greylist": f"451 4.7.1 <{address}>: greylisted, come back later",
            "full": f"452 4.2.2 <{address}>: mailbox full",
        }.get(self.args.mode)
        if refused or address.startswith("nobody@"):
            return refused or f"550 5.1.1 <{address}>: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.args.mode == "busy":
            return "421 4.3.2 shutting down"
        if self.args.mode == "drop":
            server.transport.abort()
            return "421 gone"
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "authenticated": bool(session.authenticated),
            "data": base64.b64encode(envelope.original_content).decode(),
        }
        with open(self.args.out, "a", encoding="utf-8") as out:
            out.write(json.dumps(mail) + "\n")
        return "250 2.0.0 taken"


class Server(SMTP):
    async def smtp_AUTH(self, arg):
        # Commands' words are not case-sensitive (RFC 5321, section 2.4); aiosmtpd 1.4.3 forgets it for the mechanism,
        # and .NET writes "AUTH login".
        words = (arg or "").split()
        if words:
            words[0] = words[0].upper()
        return await super().smtp_AUTH(" ".join(words) or None)


def authenticator(args):
    def check(server, session, envelope, mechanism, data):
        right = data.login == args.user.encode() and data.password == args.password.encode()
        if args.mode == "refuse-auth" or not right:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=MODES, default="accept")
    parser.add_argument("--out", required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    args = parser.parse_args()

    options = {"hostname": "localhost", "enable_SMTPUTF8": True}
    if args.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(args.certificate, args.key)
        options.update(tls_context=tls, require_starttls=True)
    if args.user:
        options.update(authenticator=authenticator(args), auth_required=True, auth_require_tls=bool(args.certificate))

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(Handler(args), loop=loop, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
