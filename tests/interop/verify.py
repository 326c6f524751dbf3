"""Verifies deliveries with the library `standardwebhooks`: one JSON object a line in, `ok` or the error a line out."""

import json
import sys

from standardwebhooks import Webhook

for line in sys.stdin:
    delivery = json.loads(line)
    secret = delivery["secret"]
    if delivery["scheme"] == "raw":
        secret = secret.encode()
    try:
        Webhook(secret).verify(delivery["body"], delivery["headers"])
        print("ok")
    except Exception as error:  # whatever it is, the caller compares the text
        print(type(error).__name__, error)
