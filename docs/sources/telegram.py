#!/usr/bin/env python3
"""A messenger to Zummer: takes the webhook of a Telegram bot and publishes
message.received, one row a chat.

    ZUMMER=https://zummer.example TOKEN=... SECRET=... TO=group:sales telegram.py

    curl "https://api.telegram.org/bot$BOT/setWebhook" -d url=https://bot.example/ -d secret_token=$SECRET

LISTEN is 127.0.0.1:8090 unless said otherwise: put a web server with TLS before
it. TO is user:LOGIN or group:NAME. Another messenger differs in read() alone.
Telegram repeats an update until it hears 2xx, so it hears 503 while Zummer
cannot take it; the update's number is the Idempotency-Key. Needs Python 3 only.
"""
import hmac
import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def read(update):
    """The notification of an update; None: nothing that anybody waits for."""
    message = update.get("message")
    if not message or "chat" not in message:
        return None
    sender = message.get("from") or {}
    name = " ".join(filter(None, (sender.get("first_name"), sender.get("last_name")))) or sender.get("username") or "Telegram"
    contact = message.get("contact") or {}
    out = {"kind": "message.received", "action": "show", "title": name, "name": name, "text": message.get("text") or message.get("caption") or "(без текста)",
           "collapse_key": "telegram:%s" % message["chat"]["id"], "expires_in_s": 3 * 24 * 3600, "data": {"chat": str(message["chat"]["id"])}}
    if contact.get("phone_number"):
        out["phone"] = "+" + contact["phone_number"].lstrip("+")
    if sender.get("username"):
        out["object"] = {"title": "@" + sender["username"], "url": "https://t.me/" + sender["username"]}
    return out


def publish(body, key):
    """The status that Zummer answers; 0 when it does not."""
    kind, _, name = os.environ["TO"].partition(":")
    request = urllib.request.Request(
        os.environ["ZUMMER"].rstrip("/") + "/v1/notifications", json.dumps({kind: name, **body}).encode(),
        {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json", "Idempotency-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        print("telegram.py: Zummer answers", e.code, e.read(2000).decode("utf-8", "replace"), file=sys.stderr, flush=True)
        return e.code
    except OSError as e:
        print("telegram.py: Zummer does not answer:", e, file=sys.stderr, flush=True)
        return 0


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        if not hmac.compare_digest(self.headers.get("X-Telegram-Bot-Api-Secret-Token", "").encode(), os.environ["SECRET"].encode()):
            return self.answer(401)
        try:
            size = int(self.headers.get("Content-Length", 0))
            if not 0 < size <= 1 << 20:
                return self.answer(413)
            update = json.loads(self.rfile.read(size))
            note, key = read(update), "telegram-%d" % update["update_id"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return self.answer(400)
        if note is None:
            return self.answer(200)
        status = publish(note, key)
        # 201 is done. 422 will never be taken: no use in hearing it again. All else may be mended: a repeat is welcome.
        self.answer(200 if status in (201, 422) else 503)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):  # addresses and texts of people stay out of the log
        pass


host, _, port = os.environ.get("LISTEN", "127.0.0.1:8090").rpartition(":")
for needed in ("ZUMMER", "TOKEN", "SECRET", "TO"):
    if not os.environ.get(needed):
        sys.exit(__doc__)
server = ThreadingHTTPServer((host, int(port)), Webhook)
print("listening at http://%s:%d/" % server.server_address[:2], file=sys.stderr, flush=True)
server.serve_forever()
