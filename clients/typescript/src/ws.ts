// The package `ws` as a socket of this client. It knows more than a browser lets a page know: the status with which a
// socket was refused; and it can send the token in a header, where proxies know to hide it.

import { BEARER, type SocketClass, type SocketLike } from "./socket.js";

/** What is used of `ws`, which is the application's to install. */
type WsClass = new (url: string, protocols: string[], options: { headers: Record<string, string> }) => SocketLike & {
  on(name: "unexpected-response", told: (request: { destroy(): void }, response: Answer) => void): void;
};

interface Answer {
  statusCode?: number;
  headers: Record<string, string | string[] | undefined>;
}

/** The `WebSocket` option for `connect`, from the class that `ws` exports. */
export function socketOf(ws: unknown): SocketClass {
  const made = function (url: string, offered: string[] = []): SocketLike {
    const bearer = offered.find((entry) => entry.startsWith(BEARER));
    const headers: Record<string, string> = {};
    if (bearer) {
      const token = Buffer.from(bearer.slice(BEARER.length), "base64url");
      headers.authorization = `Bearer ${token.toString("latin1")}`;
    }
    // Nothing is offered: the protocol needs no name, and `ws` fails when none of the names is echoed.
    const socket = new (ws as WsClass)(url, [], { headers });
    socket.on("unexpected-response", (request, { statusCode, headers }) => {
      request.destroy();
      const seconds = Number(headers["retry-after"] ?? NaN);
      const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
      socket.onclose?.({ code: 1006, status: statusCode, retryAfterMs });
    });
    return socket;
  };
  // A constructor that returns an object is as good as its class.
  return made as unknown as SocketClass;
}
