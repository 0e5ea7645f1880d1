#!/usr/bin/env python3
"""Mail to Zummer: reads one message (RFC 5322) on stdin and publishes mail.received.

    ZUMMER=https://zummer.example TOKEN=... mail.py user ivanov  < message
    ZUMMER=https://zummer.example TOKEN=... mail.py group sales  < message

.forward:   \\ivanov, "|env ZUMMER=... TOKEN=... /usr/local/bin/mail.py user ivanov"
procmail:   :0 c
            | env ZUMMER=... TOKEN=... /usr/local/bin/mail.py group sales

One thread is one row: the collapse key is the message that began it. One message
is published once for each addressee: the Idempotency-Key is made of its
Message-ID, so a mail server that runs this again does no harm. Exit 75 asks it to
do so; what Zummer will never take ends with 0 and a line on stderr, since any
other code bounces the customer's mail. Needs Python 3 only.
"""
import email
import email.policy
import email.utils
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

TEMPFAIL = 75  # sysexits.h: the mail server keeps the message and comes back


def short(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def header(message, name):
    try:
        return str(message[name] or "").strip()
    except Exception:  # a header that is broken beyond reading
        return ""


def body_of(message):
    """The first lines of the text, without what was quoted."""
    try:
        part = message.get_body(("plain",))
        text = part.get_content() if part else ""
        if part and not part.get_content_charset():  # none is named: scripts and cron write UTF-8
            text = part.get_payload(decode=True).decode("utf-8", "replace")
    except Exception:  # an unknown charset, a broken part
        text = ""
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(">"))[:500]


def publish(body, key):
    """Returns None when it is done, else (again, why)."""
    request = urllib.request.Request(
        os.environ["ZUMMER"].rstrip("/") + "/v1/notifications", json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json", "Idempotency-Key": key})
    for attempt in range(3):
        pause = 1
        try:
            urllib.request.urlopen(request, timeout=15).close()
            return None
        except urllib.error.HTTPError as e:
            why = "Zummer answers %d %s" % (e.code, e.read(2000).decode("utf-8", "replace"))
            if e.code not in (409, 429) and e.code < 500:  # 401: mend the token and it will go; 422: never
                return e.code in (401, 403), why
            pause = int(e.headers.get("Retry-After") or 1)
        except OSError as e:  # not there, or the answer was lost: the key makes another try safe
            why = "Zummer does not answer: %s" % e
        if attempt < 2:
            time.sleep(min(pause, 10))
    return True, why


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("user", "group"):
        sys.exit(__doc__)
    if not os.environ.get("ZUMMER") or not os.environ.get("TOKEN"):
        print("mail.py: ZUMMER and TOKEN are not set", file=sys.stderr)
        sys.exit(TEMPFAIL)
    raw = sys.stdin.buffer.read()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    name, address = email.utils.parseaddr(header(message, "From"))
    own = header(message, "Message-ID") or hashlib.sha256(raw).hexdigest()
    thread = (header(message, "References").split() or header(message, "In-Reply-To").split() or [own])[0]
    failed = publish({
        sys.argv[1]: sys.argv[2], "kind": "mail.received", "action": "show",
        "title": header(message, "Subject") or "(без темы)", "text": body_of(message), "name": name or address,
        "collapse_key": "mail:" + short(thread), "expires_in_s": 14 * 24 * 3600,
        "data": {"from": address[:200], "message_id": own[:500]},
    }, "mail-" + short(own + " ".join(sys.argv[1:])))
    if failed:
        again, why = failed
        print("mail.py:", why, file=sys.stderr)
        sys.exit(TEMPFAIL if again else 0)


main()
